"""Users as they are shown, cache-aside: in memory, else in Redis, else from the database.

A change leaves a mark in Redis for some seconds, which no reader's older copy can overwrite, and
is told to all replicas. One that is not told any more keeps nothing in its memory.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, cast

import msgspec
import redis

from eureke.pipeline.accounts import User
from eureke.pipeline.cache import connected
from eureke.settings import Settings

log = logging.getLogger(__name__)
KEPT_MOST: Final = 20_000
CACHE_TTL_S: Final = 600
MARK_TTL_S: Final = 5
"""Longer than any reader takes from the database to the cache."""
MARK: Final = b"changed"
MEMORY_TTL_S: Final = 10.0
"""A change is told at once; this is the net beneath, for a cache that hangs."""
AWAY_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Shown:
    """A user as JSON, and the entity tag."""

    body: bytes
    tag: str


class UserCache:
    """Users from the nearest place that has them; whoever changes one says so here."""

    def __init__(self, settings: Settings, read: Callable[[int], User]) -> None:
        self._read = read
        self._redis = connected(settings)
        self._prefix = f"{settings.shown_users}."
        self._channel = settings.shown_users
        self._decode = msgspec.json.Decoder(User).decode
        self._kept: dict[int, Shown] = {}
        self._changes = 0
        self._told = False
        self._ending = threading.Event()
        self._listener = threading.Thread(target=self._listen, name="changes", daemon=True)
        self._listener.start()

    def close(self) -> None:
        """Ends the listening."""
        self._ending.set()
        self._listener.join()

    async def show(self, user_id: int) -> Shown:
        """The user, from wherever it is; nobody waits for what is at hand.

        Raises:
            Missing: there is none.
        """
        shown = self._kept.get(user_id)
        return await asyncio.to_thread(self._fetched, user_id) if shown is None else shown

    def changed(self, user_ids: list[int]) -> None:
        """Drops what is kept of users, here and with everybody.

        Raises:
            redis.RedisError: the cache does not answer, so that it may hold what is out of date.
        """
        self._drop(user_ids)
        with self._redis.pipeline(transaction=False) as pipeline:
            for user_id in user_ids:
                pipeline.set(f"{self._prefix}{user_id}", MARK, ex=MARK_TTL_S)
            pipeline.publish(self._channel, msgspec.json.encode(user_ids))
            pipeline.execute()

    def _fetched(self, user_id: int) -> Shown:
        changes = self._changes
        shown = self._cached(user_id)
        if self._told and changes == self._changes:
            if len(self._kept) >= KEPT_MOST:
                self._kept.clear()
            self._kept[user_id] = shown
        return shown

    def _drop(self, user_ids: list[int]) -> None:
        """Drops these, or everybody where nobody is named."""
        self._changes += 1
        if not user_ids:
            self._kept.clear()
        for user_id in user_ids:
            self._kept.pop(user_id, None)

    def _cached(self, user_id: int) -> Shown:
        key = f"{self._prefix}{user_id}"
        try:
            value = cast("bytes | None", self._redis.get(key))
            if value is not None and value != MARK:
                return Shown(value, self._decode(value).tag)
        except (redis.RedisError, msgspec.MsgspecError) as error:
            log.warning("the cache does not show user %d: %s", user_id, error)
        user = self._read(user_id)
        shown = Shown(msgspec.json.encode(user), user.tag)
        try:
            self._redis.set(key, shown.body, ex=CACHE_TTL_S, nx=True)
        except redis.RedisError as error:
            log.warning("the cache does not take user %d: %s", user_id, error)
        return shown

    def _listen(self) -> None:
        """Hears of changes; while nobody tells, nothing is kept."""
        while not self._ending.is_set():
            try:
                with self._redis.pubsub(ignore_subscribe_messages=True) as changes:  # type: ignore[no-untyped-call]
                    changes.subscribe(self._channel)
                    changes.get_message(timeout=1)  # the answer to the subscription
                    self._told = True
                    turn_s = time.monotonic() + MEMORY_TTL_S
                    while not self._ending.is_set():
                        if time.monotonic() >= turn_s:
                            self._kept.clear()
                            turn_s += MEMORY_TTL_S
                        message = changes.get_message(timeout=0.2)
                        if message is not None:
                            self._drop(msgspec.json.decode(message["data"], type=list[int]))
            except (redis.RedisError, msgspec.MsgspecError) as error:
                log.warning("changes of users are not told: %s", error)
            self._told = False
            self._changes += 1
            self._kept.clear()
            self._ending.wait(AWAY_S)
