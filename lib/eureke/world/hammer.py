"""The same request again and again: `python -m eureke.world.hammer --url … --count … --out FILE`.

Closed loop: each connection sends the next one when it has its answer; that measures throughput.
With `--rate` the loop is open: each request has its time, whatever became of those before it, and
latency counts from then. The first `--warm-up` answers count among the statuses only. The result is
a JSON file; bytes are those on the socket.
"""

import argparse
import asyncio
import gc
import sys
import time
from collections import Counter, deque
from pathlib import Path
from typing import Final, cast
from urllib.parse import urlsplit

import msgspec
import numpy as np
import uvloop

from eureke.errors import EurekeError, LoadFailed

HEAD_END: Final = b"\r\n\r\n"
LENGTH: Final = b"content-length:"
QUIET_S: Final = 30.0
"""No answer for so long ends it."""


class Hammered(msgspec.Struct, frozen=True):
    """What came of it; latencies in milliseconds."""

    count: int
    took_s: float
    p50_ms: float
    p99_ms: float
    sent_bytes: int
    received_bytes: int
    statuses: dict[str, int]
    waited: int
    """Requests of an open loop for which no connection was free."""

    @property
    def per_s(self) -> float:
        """Answers a second."""
        return self.count / self.took_s


class _Connection(asyncio.Protocol):
    """One connection: a request under way, or free."""

    def __init__(self, hammer: "Hammer") -> None:
        self._hammer = hammer
        self._seen = b""
        self._begun_s = 0.0
        self.transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.WriteTransport", transport)  # uvloop's own class
        self._hammer.free(self)

    def connection_lost(self, _error: Exception | None) -> None:
        self._hammer.lost()

    def send(self, begun_s: float) -> None:
        """Sends the request; its latency counts from that time."""
        self._begun_s = begun_s
        assert self.transport is not None  # noqa: S101  it is free only when it is connected
        self.transport.write(self._hammer.request)

    def data_received(self, data: bytes) -> None:
        self._seen += data
        head = self._seen.find(HEAD_END)
        if head < 0:
            return
        whole = head + len(HEAD_END) + _length(self._seen[:head].lower())
        if len(self._seen) < whole:
            return
        status, self._seen = self._seen[9:12].decode(), b""
        self._hammer.answered(status, whole, time.perf_counter() - self._begun_s)
        self._hammer.free(self)


class Hammer:
    """Sends one request many times."""

    def __init__(
        self, request: bytes, *, count: int, rate_per_s: float = 0.0, warm_up: int = 0
    ) -> None:
        self.request = request
        self._count = count + warm_up
        self._warm_up = warm_up
        self._rate_per_s = rate_per_s
        self._begin_s = 0.0
        self._sent = 0
        self._received_bytes = 0
        self._latencies_s: list[float] = []
        self._statuses: Counter[str] = Counter()
        self._free: deque[_Connection] = deque()
        self._due: deque[float] = deque()
        self._waited = 0
        self._over: asyncio.Future[None] | None = None

    async def run(self, host: str, port: int, *, connections: int) -> Hammered:
        """Sends them all over so many connections."""
        loop = asyncio.get_running_loop()
        self._over = loop.create_future()
        self._begin_s = time.perf_counter()
        opened = [
            await loop.create_connection(lambda: _Connection(self), host, port)
            for _ in range(connections)
        ]
        if self._rate_per_s:
            await self._pace()
        await self._until_over()
        took_s = time.perf_counter() - self._begin_s
        for transport, _ in opened:
            transport.close()
        told = np.array(self._latencies_s[self._warm_up :]) * 1000
        return Hammered(
            count=len(told),
            took_s=took_s,
            p50_ms=float(np.quantile(told, 0.5)),
            p99_ms=float(np.quantile(told, 0.99)),
            sent_bytes=len(told) * len(self.request),
            received_bytes=self._received_bytes,
            statuses=dict(self._statuses),
            waited=self._waited,
        )

    async def _pace(self) -> None:
        self._begin_s = time.perf_counter() + 0.1
        for number in range(self._count):
            due_s = self._begin_s + number / self._rate_per_s
            # Also where it is late: else nobody would read the answers meanwhile.
            await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
            while time.perf_counter() < due_s:  # noqa: ASYNC110  uvloop's timers may be early
                await asyncio.sleep(0)
            self._sent += 1
            if self._free:
                self._free.popleft().send(due_s)
            else:
                self._waited += 1
                self._due.append(due_s)

    async def _until_over(self) -> None:
        assert self._over is not None  # noqa: S101  made before
        seen = -1
        while seen != len(self._latencies_s):
            seen = len(self._latencies_s)
            done, _ = await asyncio.wait([self._over], timeout=QUIET_S)
            if done:
                self._over.result()
                return
        raise LoadFailed(
            f"no answer for {QUIET_S:g} s, after {seen} of {self._count}",
            remedy="see the server's log",
        )

    def free(self, connection: _Connection) -> None:
        """Gives a connection its next request, if there is one."""
        if self._rate_per_s:
            if self._due:
                connection.send(self._due.popleft())
            else:
                self._free.append(connection)
        elif self._sent < self._count:
            self._sent += 1
            connection.send(time.perf_counter())

    def answered(self, status: str, size: int, took_s: float) -> None:
        """Notes an answer."""
        self._latencies_s.append(took_s)
        self._statuses[status] += 1
        self._received_bytes += size
        if len(self._latencies_s) == self._warm_up:
            self._begin_s, self._received_bytes = time.perf_counter(), 0
        if len(self._latencies_s) == self._count and self._over and not self._over.done():
            self._over.set_result(None)

    def lost(self) -> None:
        """A connection was closed by the other side, or at the end by us."""
        if self._over and not self._over.done():
            self._over.set_exception(
                LoadFailed("the server closed a connection", remedy="see the server's log")
            )


def request(method: str, url: str, *, body: bytes, headers: dict[str, str]) -> bytes:
    """A request as it goes over the wire."""
    parts = urlsplit(url)
    path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    lines = [f"{method} {path} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body)}"] if body else []
    return "\r\n".join(lines).encode() + HEAD_END + body


def _length(head: bytes) -> int:
    at = head.find(LENGTH)
    return 0 if at < 0 else int(head[at + len(LENGTH) :].split(b"\r\n", 1)[0])


def main() -> None:
    """Reads the arguments and hammers."""
    parser = argparse.ArgumentParser(prog="eureke.world.hammer")
    parser.add_argument("--url", required=True)
    parser.add_argument("--method", default="GET")
    parser.add_argument("--request", type=Path, help="JSON with `headers` and `body`")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--warm-up", type=int, default=0)
    parser.add_argument("--rate", type=float, default=0.0)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    told = msgspec.json.decode(given.request.read_bytes()) if given.request else {}
    sent = request(
        given.method,
        given.url,
        body=told.get("body", "").encode(),
        headers=told.get("headers", {}),
    )
    parts = urlsplit(given.url)
    gc.disable()
    hammer = Hammer(sent, count=given.count, rate_per_s=given.rate, warm_up=given.warm_up)
    try:
        found = uvloop.run(
            hammer.run(parts.hostname or "", parts.port or 80, connections=given.connections)
        )
    except EurekeError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"{given.url} cannot be reached: {error}")
    given.out.write_bytes(msgspec.json.encode(found))


if __name__ == "__main__":
    main()
