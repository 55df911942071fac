"""A client of the API that calls at fixed times and remembers each call:
`python -m eureke.world.caller --rate … --seconds … --prefix … --out FILE`.

When it is up it says when its first call is due (`begins`). With `--until-told` it goes on after
its seconds until SIGTERM, a minute at most. Reads and writes take turns. What may be repeated
without harm is repeated: where a connection was refused or cut, or an answer is the server's fault.
That is a GET always, a POST where it has a key.
"""

import argparse
import asyncio
import gc
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import aiohttp
import msgspec

from eureke.errors import EurekeError, LoadFailed
from eureke.settings import Settings

NOTE: Final = {"user_id": 7, "channel": "email", "template": "hello"}
READ: Final = "/users?limit=1"
WRITE: Final = "/notifications"
TRIES: Final = 5
PAUSE_S: Final = 0.05
TIMEOUT_S: Final = 10.0
SERVERS_FAULT: Final = 500
UNANSWERED: Final = 0
LONGER_S: Final = 60.0
"""For so long it waits to be told that it is over."""
SOON_NS: Final = 100_000_000
"""The first call is due so long after the client is up."""


class Call(msgspec.Struct, frozen=True):
    """One call: when it was due, and what came of it."""

    id: str
    """What its request is called in every log; the last try's."""
    due_ns: int
    """By the monotonic clock."""
    took_ms: float
    """From then to the answer, all tries included."""
    status: int
    """Of the last answer; 0 where there was none."""
    tries: int
    method: str


class Caller:
    """Calls the API at a rate, whatever becomes of the calls before."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        rate_per_s: float,
        keys: bool,
        prefix: str,
        connections: int = 1_000,
    ) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}
        self._rate_per_s = rate_per_s
        self._keys = keys
        self._prefix = prefix
        self._connections = connections
        self._chance = random.Random()

    async def run(
        self, count: int, *, begin_ns: int, over: Callable[[], bool] = lambda: True
    ) -> list[Call]:
        """Every call, in the order in which they were due; the first one is at `begin_ns`.

        Args:
            count: how many at least.
            begin_ns: by the monotonic clock.
            over: whether it may end then; after a minute it does.
        """
        most = count + round(self._rate_per_s * LONGER_S)
        connector = aiohttp.TCPConnector(limit=self._connections)
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        async with aiohttp.ClientSession(
            headers=self._headers, connector=connector, timeout=timeout
        ) as session:
            calls = []
            for number in range(most):
                if number >= count and over():
                    break
                due_ns = begin_ns + round(number * 1e9 / self._rate_per_s)
                await asyncio.sleep(max(0, due_ns - time.monotonic_ns()) / 1e9)
                calls.append(asyncio.create_task(self._call(session, number, due_ns)))
            return await asyncio.gather(*calls)

    async def _call(self, session: aiohttp.ClientSession, number: int, due_ns: int) -> Call:
        method = "POST" if number % 2 else "GET"
        name = f"{self._prefix}-{number}"
        repeatable = method == "GET" or self._keys
        tries, status = 0, UNANSWERED
        while tries < (TRIES if repeatable else 1):
            if tries:
                await asyncio.sleep(self._chance.uniform(0, PAUSE_S * 2**tries))
            tries += 1
            headers = {"X-Request-Id": f"{name}-{tries}"}
            if method == "POST" and self._keys:
                headers["Idempotency-Key"] = name
            status = await self._answered(session, method, headers)
            if UNANSWERED < status < SERVERS_FAULT:
                break
        took_ms = (time.monotonic_ns() - due_ns) / 1e6
        return Call(f"{name}-{tries}", due_ns, took_ms, status, tries, method)

    async def _answered(
        self, session: aiohttp.ClientSession, method: str, headers: Mapping[str, str]
    ) -> int:
        url = self._url + (WRITE if method == "POST" else READ)
        body = NOTE if method == "POST" else None
        try:
            async with session.request(method, url, json=body, headers=headers) as answer:
                await answer.read()
                return answer.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            return UNANSWERED


def begins(out: Path) -> Path:
    """The file that says when the first call is due, by the monotonic clock, in nanoseconds."""
    return out.with_suffix(".begins")


def _begin_ns(out: Path) -> int:
    """Says when the first call is due, whole or not at all."""
    begin_ns = time.monotonic_ns() + SOON_NS
    partial = out.with_suffix(".partial")
    partial.write_text(str(begin_ns))
    partial.replace(begins(out))
    return begin_ns


def main() -> None:
    """Reads the arguments and calls."""
    parser = argparse.ArgumentParser(prog="eureke.world.caller")
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--until-told", action="store_true")
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--no-keys", action="store_true")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    gc.disable()
    over = threading.Event()
    if given.until_told:
        signal.signal(signal.SIGTERM, lambda *_: over.set())
    else:
        over.set()
    try:
        settings = Settings.of_process()
        if not settings.api_url:
            raise LoadFailed("this stack has no API to call", remedy="give it one: `apis = 1`")
        caller = Caller(
            settings.api_url,
            settings.api_tokens["write"],
            rate_per_s=given.rate,
            keys=not given.no_keys,
            prefix=given.prefix,
        )
        count = round(given.rate * given.seconds)
        calls = asyncio.run(caller.run(count, begin_ns=_begin_ns(given.out), over=over.is_set))
    except EurekeError as error:
        sys.exit(str(error))
    given.out.write_bytes(msgspec.json.encode(calls))


if __name__ == "__main__":
    main()
