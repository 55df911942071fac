"""Preferences, cache-aside: in memory, else in Redis, else in the users database.

Without Redis it is slower and never wrong. There is no stampede: a poll's users are asked for
together, in one query; times to live are scattered; and a user's notifications are all with one
dispatcher, since the key is the user. What a user changes is heeded after at most
`2 * LOCAL_TTL_S` seconds here.
"""

import contextlib
import random
import time
from collections.abc import Callable, Collection, Iterable
from typing import Final, Protocol, cast

import msgspec
import redis

from eureke.pipeline.cache import connected
from eureke.pipeline.policy import EVERYTHING, Preferences
from eureke.settings import Settings

LOCAL_TTL_S: Final = 30.0
CACHE_TTL_S: Final = 600.0
JITTER: Final = 0.2
AWAY_S: Final = 1.0
"""How long a Redis that did not answer is left alone."""
SCANNED: Final = 5_000
PUT: Final = "for i = 1, #KEYS do redis.call('SET', KEYS[i], ARGV[2*i-1], 'PX', ARGV[2*i]) end"
"""One script for thousands: a command each costs the client three times as much."""


class Source(Protocol):
    """Where preferences are kept for good."""

    def preferences(self, user_ids: Collection[int], /) -> dict[int, Preferences]:
        """Those of the users it knows."""
        ...


class PreferenceCache:
    """Preferences in Redis; whatever it does not answer is missing."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], float] = time.monotonic,
        chance: random.Random | None = None,
    ) -> None:
        self._redis = connected(settings)
        self._prefix = f"{settings.prefix}.preferences."
        self._shown_users = settings.shown_users
        self._clock = clock
        self._chance = chance or random.Random()
        self._away_until_s = 0.0
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(Preferences).decode

    def get(self, user_ids: Collection[int]) -> dict[int, Preferences]:
        """What is cached of these users."""
        if self._clock() < self._away_until_s:
            return {}
        try:
            keys = [f"{self._prefix}{each}" for each in user_ids]
            values = cast("list[bytes | None]", self._redis.mget(keys))
        except redis.RedisError:
            self._away_until_s = self._clock() + AWAY_S
            return {}
        return dict(self._decoded(zip(user_ids, values, strict=True)))

    def _decoded(
        self, pairs: Iterable[tuple[int, bytes | None]]
    ) -> Iterable[tuple[int, Preferences]]:
        for user_id, value in pairs:
            if value is None:
                continue
            try:
                yield user_id, self._decode(value)
            except msgspec.MsgspecError:
                continue  # written by another version: as good as missing

    def put(self, found: dict[int, Preferences]) -> None:
        """Caches them, each for another time."""
        if self._clock() < self._away_until_s:
            return
        values: list[bytes | int] = []
        for preferences in found.values():
            ttl_s = CACHE_TTL_S * self._chance.uniform(1 - JITTER, 1 + JITTER)
            values += (self._encode(preferences), int(ttl_s * 1000))
        try:
            keys = [f"{self._prefix}{user_id}" for user_id in found]
            self._redis.eval(PUT, len(keys), *keys, *values)
        except redis.RedisError:
            self._away_until_s = self._clock() + AWAY_S

    def forget(self, user_ids: Collection[int]) -> None:
        """Drops what is cached of users that were changed.

        Raises:
            redis.RedisError: the cache does not answer, so that it may hold what is out of date.
        """
        if user_ids:
            self._redis.unlink(*(f"{self._prefix}{each}" for each in user_ids))

    def clear(self) -> None:
        """Drops everybody's, and the users that the API keeps; with the same error as `forget`."""
        some: list[bytes] = []
        for prefix in (self._prefix, f"{self._shown_users}."):
            for key in self._redis.scan_iter(f"{prefix}*", count=SCANNED):
                some.append(key)
                if len(some) == SCANNED:
                    self._redis.unlink(*some)
                    some = []
        if some:
            self._redis.unlink(*some)
        # Who may not publish need not: replicas forget by themselves, some seconds later.
        with contextlib.suppress(redis.exceptions.NoPermissionError):
            self._redis.publish(self._shown_users, b"[]")


class PreferenceReader:
    """The preferences of users, from the nearest place that has them."""

    def __init__(
        self,
        source: Source,
        cache: PreferenceCache,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._cache = cache
        self._clock = clock
        self._newer: dict[int, Preferences] = {}
        self._older: dict[int, Preferences] = {}
        self._turn_s = clock() + LOCAL_TTL_S

    def of(self, user_ids: Collection[int]) -> dict[int, Preferences]:
        """Everybody's preferences; users that nobody knows have refused nothing.

        Raises:
            EurekeError: they are nowhere else, and the database does not answer.
        """
        if self._clock() >= self._turn_s:
            self._older, self._newer = self._newer, {}
            self._turn_s = self._clock() + LOCAL_TTL_S
        newer, older = self._newer, self._older
        found: dict[int, Preferences] = {}
        missing: list[int] = []
        for user_id in user_ids:
            known = newer.get(user_id) or older.get(user_id)
            if known is None:
                missing.append(user_id)
            else:
                found[user_id] = known
        if missing:
            fetched = self._fetched(missing)
            newer |= fetched
            found |= fetched
        return found

    def _fetched(self, user_ids: list[int]) -> dict[int, Preferences]:
        found = self._cache.get(user_ids)
        missing = [each for each in user_ids if each not in found]
        if missing:
            kept = self._source.preferences(missing)
            asked = {each: kept.get(each, EVERYTHING) for each in missing}
            self._cache.put(asked)
            found |= asked
        return found
