"""GraphQL subscriptions in a plain `for` loop, wherever it runs.

A notebook's kernel has an event loop that is running already, where `gql`'s own loop would refuse;
so the subscription has a thread with a loop of its own.
"""

import asyncio
import queue
import threading
import time
from collections.abc import Iterator
from typing import Any, Final

from gql import Client, gql
from gql.transport.exceptions import TransportError, TransportQueryError
from gql.transport.websockets import WebsocketsTransport

from eureke.errors import ServiceFailed

AGAIN_AFTER_S: Final = 0.2


class _End:
    """Of the answers: there are no more, or this is why."""

    def __init__(self, why: Exception | None = None) -> None:
        self.why = why


def follow(
    url: str, query: str, *, token: str, patience_s: float = 5.0, **variables: Any
) -> Iterator[dict[str, Any]]:
    """Each answer of a subscription, until it ends; connects again where the server went away.

    Args:
        url: of the GraphQL endpoint, as for queries.
        query: the subscription.
        token: a bearer token.
        patience_s: how long the server may be away.
        variables: of the query.

    Raises:
        ServiceFailed: the server was away for longer, or refuses.
    """
    answers: queue.SimpleQueue[dict[str, Any] | _End] = queue.SimpleQueue()
    following = _Following(url.replace("http", "ws", 1), query, token, variables, patience_s)
    thread = threading.Thread(target=following.run, args=(answers,), daemon=True)
    thread.start()
    try:
        while not isinstance(answer := answers.get(), _End):
            yield answer
        if answer.why is not None:
            raise ServiceFailed(
                f"the subscription at {url} ended: {answer.why}",
                remedy="see that the API runs (`eureke status`), and that the token is right",
            ) from answer.why
    finally:
        following.stop()
        thread.join()


class _Following:
    """A subscription in a loop of its own."""

    def __init__(
        self, url: str, query: str, token: str, variables: dict[str, Any], patience_s: float
    ) -> None:
        self._url = url
        self._token = token
        self._patience_s = patience_s
        self._request = gql(query)
        self._request.variable_values = variables
        self._loop = asyncio.new_event_loop()
        self._task: asyncio.Task[None] | None = None

    def run(self, answers: "queue.SimpleQueue[dict[str, Any] | _End]") -> None:
        """Puts every answer in the queue, and the end."""
        try:
            self._task = self._loop.create_task(self._follow(answers))
            self._loop.run_until_complete(self._task)
            answers.put(_End())
        except asyncio.CancelledError:
            answers.put(_End())
        except Exception as error:  # noqa: BLE001  it is raised again where it is waited for
            answers.put(_End(error))
        finally:
            self._loop.close()

    def stop(self) -> None:
        """Ends it, if it has not ended."""
        if self._task is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._task.cancel)

    async def _follow(self, answers: "queue.SimpleQueue[dict[str, Any] | _End]") -> None:
        limit_s = time.monotonic() + self._patience_s
        while True:
            try:
                transport = WebsocketsTransport(
                    url=self._url,
                    init_payload={"Authorization": f"Bearer {self._token}"},
                    connect_args={"proxy": None},
                )
                async with Client(transport=transport) as session:
                    async for answer in session.subscribe(self._request):
                        answers.put(answer)
                        limit_s = time.monotonic() + self._patience_s
                return
            except TransportQueryError:
                raise  # the server has answered: it would say the same again
            except (TransportError, OSError):
                if time.monotonic() > limit_s:
                    raise
                await asyncio.sleep(AGAIN_AFTER_S)
