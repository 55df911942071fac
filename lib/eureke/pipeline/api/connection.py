"""A connection of the API's server: who takes too long to send a request is cut off.

Uvicorn waits for ever for a request's first byte, its last header and the rest of its body.
"""

import asyncio
from functools import partial
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from eureke.settings import Settings

TOO_SLOW: Final = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Connection(HttpToolsProtocol):
    """One that waits no longer than `timeout_s` for a whole request, between two answers."""

    def __init__(self, *arguments: Any, timeout_s: float, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._timeout_s = timeout_s
        self._end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Waits for the first request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Waits for nothing any more."""
        self._wait_no_more()
        super().connection_lost(exc)

    def on_message_complete(self) -> None:
        """A request is whole; one that was answered before its end makes place for the next."""
        super().on_message_complete()
        self._wait_no_more()
        self._wait_unless_busy()

    def on_response_complete(self) -> None:
        """Waits for the next request, unless it has come already."""
        super().on_response_complete()
        self._wait_unless_busy()

    def handle_websocket_upgrade(self) -> None:
        """A socket may be silent as long as it likes."""
        self._wait_no_more()
        super().handle_websocket_upgrade()

    def _wait_unless_busy(self) -> None:
        if self.cycle is not None and self.cycle.response_complete:
            self._wait()

    def _wait(self) -> None:
        self._wait_no_more()
        self._end = self.loop.call_later(self._timeout_s, self._cut)

    def _wait_no_more(self) -> None:
        if self._end is not None:
            self._end.cancel()
            self._end = None

    def _cut(self) -> None:
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            self.transport.write(TOO_SLOW)
        self.transport.close()


def connections(settings: Settings) -> Any:
    """What Uvicorn makes for each connection."""
    return partial(Connection, timeout_s=settings.api_request_timeout_s)
