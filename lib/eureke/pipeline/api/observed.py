"""Around every request: its id, a line in the access log, and what Prometheus is told.

A request only leaves its line; lines are counted and written many at a time, since that costs
less than between the other work of a request (measured in benchmarks/api.md).
"""

import asyncio
import random
import re
import threading
import time
from collections import Counter as Tally
from collections import deque
from typing import Any, BinaryIO, Final

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from prometheus_client import Counter, Gauge

from eureke import exposed
from eureke.exposed import NOBODY
from eureke.pipeline.directory import STATEMENTS

REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
TOLD: Final = "told_headers"
"""Where headers are kept that go with the answer, whatever it will be."""
TOLD_EVERY_S: Final = 0.1
BUCKETS_S: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
# Before the metrics that it adds to: whoever asks for them is told of every request so far.
LATE: Final = exposed.Late()
REQUESTS: Final = Counter(
    "eureke_api_requests", "Requests that were answered", ["method", "route", "status"]
)
DURATION: Final = exposed.Durations(
    "eureke_api_request_duration_seconds",
    "From the request's first byte to the answer's last",
    ["route"],
    buckets_s=BUCKETS_S,
)


IN_PROGRESS: Final = Gauge("eureke_api_requests_in_progress", "Requests without an answer yet")


class Line(msgspec.Struct, frozen=True, gc=False):
    """Of the access log."""

    time_s: float
    request_id: str
    method: str
    path: str
    route: str
    status: int
    duration_ms: float
    client: str


class Observed:
    """An ASGI application that is watched."""

    def __init__(self, inside: ASGIApp, *, access_log: BinaryIO) -> None:
        self._inside = inside
        self._log = access_log
        self._answered: deque[Line] = deque()
        self._counted: list[Line] = []
        self._counting = threading.Lock()
        self._encode = msgspec.json.Encoder().encode_lines
        self._chance = random.Random()
        self._in_progress = 0  # of one thread: a counter's lock would be for nobody
        IN_PROGRESS.set_function(lambda: self._in_progress)
        LATE.do = self._count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers, and notes how."""
        if scope["type"] != ScopeType.HTTP:
            await self._inside(scope, receive, send)
            self._write()  # a server's end is the end of such a scope, too
            return
        begin_ns = time.monotonic_ns()
        request_id = _request_id(scope) or f"{self._chance.getrandbits(64):016x}"
        scope["request_id"] = request_id  # type: ignore[typeddict-unknown-key]
        status = 500
        statements: list[str] = []
        STATEMENTS.set(statements)

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message["headers"],
                    (b"x-request-id", request_id.encode()),
                    *scope.get(TOLD, ()),  # type: ignore[misc]
                    (b"server-timing", _timing(time.monotonic_ns() - begin_ns, statements)),
                ]
            await send(message)

        self._in_progress += 1
        try:
            await self._inside(scope, receive, sent)
        finally:
            self._in_progress -= 1
            self._note(scope, request_id, status, time.monotonic_ns() - begin_ns)

    def _note(self, scope: HTTPScope, request_id: str, status: int, took_ns: int) -> None:
        route, client = scope.get("path_template") or NOBODY, scope.get("client")
        line = Line(
            round(time.time(), 3), request_id, scope["method"], scope["path"], route, status,
            took_ns / 1e6, client[0] if client else "",
        )  # fmt: skip
        if not self._answered:
            asyncio.get_running_loop().call_later(TOLD_EVERY_S, self._write)
        self._answered.append(line)

    def _count(self) -> None:
        """Counts what came since the last time; a thread that tells of it may ask for that."""
        with self._counting:
            lines = [self._answered.popleft() for _ in range(len(self._answered))]
            answers = Tally((each.method, each.route, each.status) for each in lines)
            for (method, route, status), count in answers.items():
                told = method if route != NOBODY else NOBODY
                REQUESTS.labels(told, route, status).inc(count)
            for route in {each.route for each in lines}:
                took_s = [each.duration_ms / 1e3 for each in lines if each.route == route]
                DURATION.observe_all(route, seconds=took_s)
            self._counted += lines

    def _write(self) -> None:
        """Writes what was counted: a system call for many lines, not one each."""
        self._count()
        with self._counting:
            lines, self._counted = self._counted, []
        self._log.write(self._encode(lines))
        self._log.flush()


def _timing(took_ns: int, statements: list[str]) -> bytes:
    """What took the time so far, for whoever asked (W3C Server Timing)."""
    return f'app;dur={took_ns / 1e6:.2f}, sql;desc="{len(statements)}"'.encode()


def _request_id(scope: Any) -> str:
    """The client's, if it is one that can be written down; else empty."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and REQUEST_ID.fullmatch(value):
            return str(value.decode())
    return ""
