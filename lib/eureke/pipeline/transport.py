"""kombu's Redis transport, with one client a channel in place of a new one for each command.

kombu 5.7 makes a client for each task it puts and three for each it takes. A client copies a table
of some two hundred callbacks when it is made, which costs more than the command it is made for.
"""

from typing import Any, Final

from kombu.transport import TRANSPORT_ALIASES, redis

NAME: Final = "eureke.pipeline.transport:Transport"


class Channel(redis.Channel):
    """Keeps its client for as long as it keeps the connections that the client draws on."""

    _kept: Any = None

    def _create_client(self, asynchronous: bool = False) -> Any:
        if asynchronous:
            return super()._create_client(asynchronous=True)  # type: ignore[no-untyped-call]
        if self._kept is None or self._kept.connection_pool is not self.pool:
            self._kept = super()._create_client()  # type: ignore[no-untyped-call]
        return self._kept


class Transport(redis.Transport):
    """What the schemes `redis` and `rediss` of a broker's address mean to Celery here."""

    Channel = Channel
    # Redis takes parts of a second, too.
    brpop_timeout = 0.25  # type: ignore[assignment]
    """Seconds after which Redis says that there is no task; kombu's own value is 1.

    Who is told to end waits for that answer.
    """


def register() -> None:
    """Makes kombu use it for every Redis."""
    TRANSPORT_ALIASES["redis"] = TRANSPORT_ALIASES["rediss"] = NAME
