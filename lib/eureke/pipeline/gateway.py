"""Calls to the provider: one total deadline, and every failure turned into items to try again."""

import asyncio
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType

import aiohttp
import msgspec

from eureke.pipeline.worker_metrics import Kind, WorkerMetrics

REJECTED = 422
THROTTLED = 429
SERVER_ERRORS = 500


class Failure(msgspec.Struct, frozen=True, array_like=True):
    """An item that the provider did not take: its index in the request, and why."""

    index: int
    status: int
    reason: str
    retry_after_ms: int = 0


class Answer(msgspec.Struct, frozen=True):
    """The provider's answer to a request that it read."""

    accepted: int
    failed: list[Failure]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that failed as a whole."""

    reason: str
    retry_after_ms: int = 0
    away: bool = True
    """Whether it says nothing of the request itself: no connection, no answer in time, 429, 5xx."""


_decode = msgspec.json.Decoder(Answer).decode


class Gateway:
    """A pool of connections to the provider, on an event loop in a thread of its own."""

    def __init__(self, provider_url: str, *, deadline_s: float, metrics: WorkerMetrics) -> None:
        self._url = provider_url
        self._metrics = metrics
        self._deadline_s = deadline_s
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="gateway", daemon=True)
        self._thread.start()
        self._session = asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()

    def __enter__(self) -> "Gateway":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._session.close(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def post(self, channel: str, bodies: Sequence[bytes]) -> list[Answer | Refusal]:
        """One answer or refusal for each body, all of them within the deadline."""
        return asyncio.run_coroutine_threadsafe(
            self._post_all(channel, bodies), self._loop
        ).result()

    async def _open(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=64),
            timeout=aiohttp.ClientTimeout(total=self._deadline_s),
            headers={"Content-Type": "application/json"},
        )

    async def _post_all(self, channel: str, bodies: Sequence[bytes]) -> list[Answer | Refusal]:
        if len(bodies) == 1:
            return [await self._post(channel, bodies[0])]
        return await asyncio.gather(*(self._post(channel, body) for body in bodies))

    async def _post(self, channel: str, body: bytes) -> Answer | Refusal:
        began_s = time.monotonic()
        try:
            return await self._answer(f"{self._url}/v1/{channel}", body)
        finally:
            self._metrics.asked(channel, began_s=began_s)

    async def _answer(self, url: str, body: bytes) -> Answer | Refusal:
        try:
            async with self._session.post(url, data=body) as response:
                content = await response.read()
                if response.status == 200:
                    return _decode(content)
                away = response.status == THROTTLED or response.status >= SERVER_ERRORS
                self._metrics.failed(_kind(response.status))
                return Refusal(f"status {response.status}", _wait_ms(response), away)
        except TimeoutError:
            self._metrics.failed("timeout")
            return Refusal("deadline passed")
        except (aiohttp.ClientError, OSError) as error:
            self._metrics.failed("connection")
            return Refusal(f"{type(error).__name__}: {error}"[:200])
        except msgspec.MsgspecError as error:
            self._metrics.failed("unreadable")
            return Refusal(f"the answer cannot be read: {error}"[:200], away=False)


def _kind(status: int) -> Kind:
    if status == THROTTLED:
        return "throttled"
    return "server_error" if status >= SERVER_ERRORS else "client_error"


def _wait_ms(response: aiohttp.ClientResponse) -> int:
    try:
        return int(float(response.headers.get("Retry-After", "0")) * 1000)
    except ValueError:
        return 0  # Retry-After may also be a date; then the back-off alone decides
