"""A connection of the API's server: who takes too long to send a request is cut off.

Uvicorn waits for ever for a request's first byte, its last header and the rest of its body.
"""

import asyncio
import math
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
        self._ends_s = math.inf
        self._whole = True
        self._next_look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Waits for the first request."""
        super().connection_made(transport)
        self._wait()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Looks no more."""
        self._look_no_more()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """The rest of a request is to come, too."""
        super().on_message_begin()
        self._whole = False

    def on_message_complete(self) -> None:
        """A request is whole; one that was answered before its end makes place for the next."""
        super().on_message_complete()
        self._whole = True
        self._ends_s = math.inf
        self._wait_unless_busy()

    def on_response_complete(self) -> None:
        """Waits for the next request, unless it has come already."""
        super().on_response_complete()
        self._wait_unless_busy()

    def handle_websocket_upgrade(self) -> None:
        """A socket may be silent as long as it likes."""
        self._look_no_more()
        super().handle_websocket_upgrade()

    def _wait_unless_busy(self) -> None:
        if not self._whole or (self.cycle is not None and self.cycle.response_complete):
            self._wait()

    def _wait(self) -> None:
        self._ends_s = self.loop.time() + self._timeout_s

    def _look(self) -> None:
        """Cuts who is late; one timer for a connection, since one for each request costs it."""
        left_s = self._ends_s - self.loop.time()
        if left_s <= 0:
            self._cut()
        else:
            self._next_look = self.loop.call_later(min(left_s, self._timeout_s), self._look)

    def _look_no_more(self) -> None:
        if self._next_look is not None:
            self._next_look.cancel()

    def _cut(self) -> None:
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            self.transport.write(TOO_SLOW)
        self.transport.close()


def connections(settings: Settings) -> Any:
    """What Uvicorn makes for each connection."""
    return partial(Connection, timeout_s=settings.api_request_timeout_s)
