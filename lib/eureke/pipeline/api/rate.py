"""How often each token may ask: counted by all replicas together, told in every answer.

Each replica counts by itself and adds its count to Redis twice a second, so a request waits for
nobody; in half a second they can let through more than they should together. Without Redis
each replica counts for itself.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, cast

import redis

from eureke.pipeline.cache import connected_async
from eureke.settings import Settings

log = logging.getLogger(__name__)
WINDOW_S: Final = 60
TOLD_EVERY_S: Final = 0.5
Headers = list[tuple[bytes, bytes]]


@dataclass(slots=True)
class _Count:
    """Of one token in one window."""

    window: int
    own: int = 0
    """Since they were last added to Redis."""
    known: int = 0
    """Of all replicas, then."""


class Rate:
    """Counts the requests of each token."""

    def __init__(self, settings: Settings, *, clock: Callable[[], float] = time.time) -> None:
        self._most = settings.api_requests_per_minute
        self._limit = (b"ratelimit-limit", b"%d" % self._most)
        self._prefix = f"{settings.prefix}.rate."
        self._clock = clock
        self._counts: dict[str, _Count] = {}
        self._redis = connected_async(settings)
        self._telling: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Ends the telling."""
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.wait([self._telling], timeout=1)
        await self._redis.aclose()

    def count(self, token: str) -> tuple[bool, Headers]:
        """Counts a request: whether it may go on, and the headers that tell how many are left."""
        if self._telling is None:
            self._telling = asyncio.get_running_loop().create_task(self._tell())
        now_s = self._clock()
        window = int(now_s // WINDOW_S)
        counted = self._counts.get(token)
        if counted is None or counted.window != window:
            counted = self._counts[token] = _Count(window)
        counted.own += 1
        left = self._most - counted.known - counted.own
        reset_s = int((window + 1) * WINDOW_S - now_s) + 1
        return left >= 0, [
            self._limit,
            (b"ratelimit-remaining", b"%d" % max(0, left)),
            (b"ratelimit-reset", b"%d" % reset_s),
        ]

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(TOLD_EVERY_S)
            for token, counted in list(self._counts.items()):
                await self._add(f"{self._prefix}{token}.{counted.window}", counted)

    async def _add(self, key: str, counted: _Count) -> None:
        """Adds what was counted here, and learns what was counted everywhere."""
        told = counted.own
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                pipeline.incrby(key, told)
                pipeline.expire(key, 2 * WINDOW_S)
                total, _ = await pipeline.execute()
        except redis.RedisError as error:
            log.warning("the replicas do not count together: %s", error)
            return
        counted.own -= told
        counted.known = cast("int", total)
