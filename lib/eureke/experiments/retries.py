"""Many clients meet a server that is away for a moment: when do they come back?

Server and clients share an event loop in a thread of its own, since a notebook's is taken; what
goes between them is HTTP over the loopback interface.
"""

import asyncio
import random
import threading
from collections.abc import Callable, Mapping
from typing import Final

import aiohttp
import pandas as pd
from aiohttp import web

from eureke.errors import LoadFailed

Policy = Callable[[int, random.Random], float]
"""How long to wait, in seconds, after so many attempts that failed."""
AWAY, OK = 503, 200
ATTEMPTS_MOST: Final = 12
LIMIT_S: Final = 30.0
BURST_S: Final = 0.1
"""What the server takes at once is so long a share of what it takes in a second."""


class _Server:
    """Away at first; then it takes so many requests a second, and refuses the others."""

    def __init__(self, *, away_s: float, per_s: float) -> None:
        self._away_s = away_s
        self._per_s = per_s
        self._taken = 0.0
        self._last_s = away_s
        self.seen: list[tuple[float, bool]] = []
        self.begin_s = 0.0

    async def answer(self, _request: web.Request) -> web.Response:
        t_s = asyncio.get_running_loop().time() - self.begin_s
        self._taken = max(0.0, self._taken - (t_s - self._last_s) * self._per_s)
        self._last_s = t_s
        takes = t_s >= self._away_s and self._taken < self._per_s * BURST_S
        self._taken += takes
        self.seen.append((t_s, takes))
        return web.Response(status=OK if takes else AWAY)


def retries(
    policies: Mapping[str, Policy],
    *,
    clients: int = 100,
    away_s: float = 0.5,
    per_s: float = 400.0,
    seed: int = 7,
) -> pd.DataFrame:
    """Every request that reached the server, under each policy.

    Args:
        policies: by name, how long to wait before the next attempt.
        clients: how many come at once, in the moment the server goes away.
        away_s: how long it is away.
        per_s: requests a second that it takes afterwards.
        seed: of the chance that the policies draw from.

    Returns:
        A row for each request: policy, t_s, taken, and what was asked for.
    """
    tables = []
    for name, wait_s in policies.items():
        server = _Server(away_s=away_s, per_s=per_s)
        _in_a_thread(_storm(server, wait_s, clients, seed))
        rows = pd.DataFrame(server.seen, columns=["t_s", "taken"])
        tables.append(rows.assign(policy=name, away_s=away_s, per_s=per_s, clients=clients))
    return pd.concat(tables, ignore_index=True)


async def _storm(server: _Server, wait_s: Policy, clients: int, seed: int) -> None:
    application = web.Application()
    application.router.add_get("/", server.answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    connector = aiohttp.TCPConnector(limit=0)
    try:
        async with aiohttp.ClientSession(connector=connector) as session:
            server.begin_s = asyncio.get_running_loop().time()
            url = f"http://{host}:{port}/"
            some = (_client(session, url, wait_s, random.Random(seed + n)) for n in range(clients))
            await asyncio.wait_for(asyncio.gather(*some), LIMIT_S)
    finally:
        await runner.cleanup()


async def _client(
    session: aiohttp.ClientSession, url: str, wait_s: Policy, chance: random.Random
) -> None:
    for attempt in range(ATTEMPTS_MOST):
        async with session.get(url) as answer:
            if answer.status == OK:
                return
        await asyncio.sleep(wait_s(attempt, chance))


def _in_a_thread(work: "asyncio.Future[None] | object") -> None:
    """Runs it to its end in a loop of its own."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(work)  # type: ignore[arg-type]
        except BaseException as error:  # noqa: BLE001  told to whoever waits
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if errors:
        raise LoadFailed(
            f"the clients did not come to an end: {errors[0]!r}",
            remedy="give fewer of them, or waits that are shorter",
        ) from errors[0]
