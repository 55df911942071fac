"""Preferences, cache-aside: quick with the cache, right without it."""

import dataclasses
import random
import secrets
from collections.abc import Collection, Iterator

import pytest
import redis

from eureke.pipeline.policy import EVERYTHING, Preferences
from eureke.pipeline.preferences import (
    CACHE_TTL_S,
    JITTER,
    LOCAL_TTL_S,
    PreferenceCache,
    PreferenceReader,
)
from eureke.settings import Settings
from eureke.stack.stack import Stack


class Known:
    """A database in memory that counts its queries."""

    def __init__(self, **users: Preferences) -> None:
        self.users = {int(name.removeprefix("user")): each for name, each in users.items()}
        self.queries: list[list[int]] = []

    def preferences(self, user_ids: Collection[int], /) -> dict[int, Preferences]:
        self.queries.append(sorted(user_ids))
        return {each: self.users[each] for each in user_ids if each in self.users}


@dataclasses.dataclass
class Clock:
    now_s: float = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def own(stack: Stack) -> Iterator[Settings]:
    """Settings whose keys nobody else has."""
    settings = dataclasses.replace(stack.settings, prefix=f"test-{secrets.token_hex(4)}")
    yield settings
    PreferenceCache(settings).clear()


def keys(settings: Settings) -> dict[bytes, int]:
    """Each cached key and what it has left to live, in milliseconds."""
    with redis.Redis.from_url(settings.redis_cache) as client:
        found = list(client.scan_iter(f"{settings.prefix}.*"))
        return {each: int(client.pttl(each)) for each in found}


def test_a_poll_asks_the_database_once_and_the_next_reader_not_at_all(own: Settings) -> None:
    """Users together in one query; what nobody knows is remembered too."""
    known = Known(user1=Preferences(("sms",)), user2=Preferences(cap=3))
    expected = {1: Preferences(("sms",)), 2: Preferences(cap=3), 3: EVERYTHING}
    first = PreferenceReader(known, PreferenceCache(own))
    assert first.of({1, 2, 3}) == expected
    assert first.of({1, 2, 3}) == expected
    second = PreferenceReader(known, PreferenceCache(own))
    assert second.of({3, 2, 1}) == expected
    assert known.queries == [[1, 2, 3]]


def test_without_its_cache_it_is_slower_and_never_wrong(own: Settings) -> None:
    """A Redis that is away costs a query, and is not asked again at once."""
    away = dataclasses.replace(own, redis_cache="redis://127.0.0.1:1/0")
    known = Known(user1=Preferences(("sms",)))
    for _ in range(2):
        reader = PreferenceReader(known, PreferenceCache(away))
        assert reader.of({1, 2}) == {1: Preferences(("sms",)), 2: EVERYTHING}
    assert known.queries == [[1, 2], [1, 2]]


def test_rubbish_in_the_cache_is_as_good_as_nothing(own: Settings) -> None:
    """Another version may have written it."""
    with redis.Redis.from_url(own.redis_cache) as client:
        client.set(f"{own.prefix}.preferences.1", b"\xff rubbish")
    known = Known(user1=Preferences(("sms",)))
    assert PreferenceReader(known, PreferenceCache(own)).of({1}) == {1: Preferences(("sms",))}


def test_times_to_live_are_scattered(own: Settings) -> None:
    """Or thousands of users would be asked for again at the same moment."""
    cache = PreferenceCache(own, chance=random.Random(1))
    cache.put(dict.fromkeys(range(200), EVERYTHING))
    left_ms = sorted(keys(own).values())
    assert len(left_ms) == 200
    least_ms, most_ms = (CACHE_TTL_S * 1000 * (1 + sign * JITTER) for sign in (-1, 1))
    assert least_ms * 0.9 < left_ms[0] < left_ms[-1] <= most_ms
    assert left_ms[-1] - left_ms[0] > CACHE_TTL_S * 1000 * JITTER


def test_a_change_is_heeded_after_two_local_lives_at_most(own: Settings) -> None:
    """The API drops what is cached; a dispatcher's own memory runs out."""
    clock, known = Clock(), Known(user1=Preferences(("sms",)))
    cache = PreferenceCache(own)
    reader = PreferenceReader(known, cache, clock=clock)
    assert reader.of({1}) == {1: Preferences(("sms",))}
    known.users[1] = Preferences(("email",))
    cache.forget([1])
    clock.now_s = LOCAL_TTL_S  # it is among the older ones now
    assert reader.of({1}) == {1: Preferences(("sms",))}
    clock.now_s = 2 * LOCAL_TTL_S
    assert reader.of({1}) == {1: Preferences(("email",))}


def test_clearing_leaves_the_keys_of_others_alone(own: Settings) -> None:
    """Only our own prefix."""
    with redis.Redis.from_url(own.redis_cache) as client:
        client.set(f"{own.prefix}.else", b"1", ex=60)
    cache = PreferenceCache(own)
    cache.put({1: EVERYTHING})
    cache.clear()
    assert list(keys(own)) == [f"{own.prefix}.else".encode()]
