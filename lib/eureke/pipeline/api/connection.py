"""A connection of the API's server: who takes too long to send a request is cut off.

Uvicorn waits for ever for a request's first byte, its last header and the rest of its body.
"""

import asyncio
from functools import partial
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from eureke.settings import Settings

TOO_SLOW: Final = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
LOOKS: Final = 4
"""Within that time; a client is cut off a look too late at most."""


class Connection(HttpToolsProtocol):
    """One that waits no longer than `timeout_s` for a head, or for the body behind it.

    A timer looks now and then what is waited for, so that a request itself costs nothing more.
    """

    def __init__(self, *arguments: Any, timeout_s: float, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._timeout_s = timeout_s
        self._since_s = 0.0
        self._waited_for: tuple[RequestResponseCycle | None, bool] | None = None
        self._next_look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Waits for the first request."""
        super().connection_made(transport)
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Looks no more."""
        self._look_no_more()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        """A socket may be silent as long as it likes."""
        self._look_no_more()
        super().handle_websocket_upgrade()

    def _look(self) -> None:
        """Cuts who has kept us waiting for the same thing for too long."""
        now_s, waiting = self.loop.time(), self._waiting()
        if waiting is None or waiting != self._waited_for:
            self._waited_for, self._since_s = waiting, now_s
        if now_s - self._since_s >= self._timeout_s:
            self._cut()
        else:
            self._next_look = self.loop.call_later(self._timeout_s / LOOKS, self._look)

    def _waiting(self) -> tuple[RequestResponseCycle | None, bool] | None:
        """After which request, and whether it was answered; None where the client waits for us."""
        if self.cycle is None:
            return None, True
        if self.cycle.response_complete:
            return self.cycle, True
        ours = bool(self.pipeline) or not self.cycle.more_body
        return None if ours else (self.cycle, False)

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
