"""From records to batches: what is judged before a restart is judged alike after it."""

import itertools
from collections.abc import Callable, Collection
from dataclasses import dataclass

import msgspec
from tests.clock import Clock

from eureke.notification import REPLAY, TAG_HEADER, Notification
from eureke.pipeline.batch import Batch
from eureke.pipeline.intake import Intake
from eureke.pipeline.offsets import Unsettled
from eureke.pipeline.policy import Preferences
from eureke.pipeline.preferences import PreferenceCache, PreferenceReader
from eureke.pipeline.records import Record
from eureke.settings import Settings

NOWHERE = Settings(
    kafka="", redis_queue="", redis_cache="redis://127.0.0.1:1/0", provider_url="", users_url=""
)
CAPPED, PLAIN = 1, 2
MS = 1_000_000


class Known:
    """One user who wants two in five minutes at most, and nobody else."""

    def preferences(self, user_ids: Collection[int], /) -> dict[int, Preferences]:
        return {each: Preferences(cap=2) for each in user_ids if each == CAPPED}


@dataclass
class Written:
    """A record as Kafka gives it."""

    content: bytes
    at: int
    tag: bytes = b""

    def value(self) -> bytes:
        return self.content

    def topic(self) -> str:
        return "notifications"

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return self.at

    def timestamp(self) -> tuple[int, int]:
        return (1, 0)

    def headers(self) -> list[tuple[str, bytes]] | None:
        return [(TAG_HEADER, self.tag)] if self.tag else None


def intake(
    *,
    lane: str = "bulk",
    urgent_apart: bool = False,
    batch_max: int = 100,
    clock: Callable[[], int] = lambda: 0,
) -> Intake:
    made = Intake(
        lane,
        window_size=1000,
        batch_max=batch_max,
        ids=map(str, itertools.count()),
        preferences=PreferenceReader(Known(), PreferenceCache(NOWHERE)),
        clock=clock,
        urgent_apart=urgent_apart,
        gather_ms=20.0,
    )
    made.open([0])
    return made


def record(notification_id: str, at: int, *, user: int = PLAIN, **other: object) -> Written:
    tag = other.pop("tag", b"")
    assert isinstance(tag, bytes)
    usual = Notification(notification_id, user, "sms", "bulk", "hello", {}, 10**9, 10**18)
    return Written(msgspec.json.encode(msgspec.structs.replace(usual, **other)), at, tag)


def idle(_channel: str) -> bool:
    return False


def sms_busy(channel: str) -> bool:
    return channel == "sms"


def rest(made: Intake) -> list[Batch]:
    """What goes when nothing is under way and no more records wait."""
    return made.leaving(idle, backlog=False)


def sent(made: Intake, records: list[Record]) -> list[str]:
    """The ids that go on to a batch."""
    full, _ = made.take(records, Unsettled())
    return [each for batch in (*full, *rest(made)) for each in batch.ids]


def test_a_replay_is_no_duplicate_of_what_was_never_sent() -> None:
    """The same id again is one; with the tag of a dead letter sent again it is not."""
    made = intake()
    assert sent(made, [record("a", 0), record("a", 1)]) == ["a"]
    assert sent(made, [record("a", 2, tag=REPLAY)]) == ["a"]
    assert sent(made, [record("a", 3, tag=b"warm-up")]) == []


def test_a_successor_judges_as_the_one_before_would_have() -> None:
    """Duplicates and caps alike, from nothing but the records before."""
    before: list[Record] = [record("a", 0, user=CAPPED), record("b", 1, user=CAPPED)]
    after: list[Record] = [record("a", 2, user=CAPPED), record("c", 3, user=CAPPED), record("d", 4)]
    one = intake()
    assert sent(one, before) == ["a", "b"]
    successor = intake()
    successor.remember(before)
    assert sent(one, after) == sent(successor, after) == ["d"]


def test_what_is_held_back_says_why_and_garbage_stops_nothing() -> None:
    """Each record is in exactly one place."""
    records: list[Record] = [
        Written(b"garbage", 0),
        record("a", 1, user=CAPPED),
        record("b", 2, user=CAPPED),
        record("c", 3, user=CAPPED),
        record("old", 4, expires_ns=1),
        record("a", 5, user=CAPPED),
    ]
    made = intake()
    _, judged = made.take(records, Unsettled())
    assert [letter.offset for letter in judged.malformed] == [0]
    assert [(at.id, at.reason) for at in judged.suppressed] == [("c", "capped")]
    assert [at.id for at in judged.expired] == ["old"]
    assert [at.offset for at in judged.duplicate] == [5]
    assert [each for batch in rest(made) for each in batch.ids] == ["a", "b"]


def test_urgent_ones_go_apart_where_the_lane_is_shared() -> None:
    """Their batch does not wait until the others' is full."""
    made = intake(urgent_apart=True)
    made.take([record("a", 0), record("u", 1, priority="urgent")], Unsettled())
    (first,) = made.leaving(idle, backlog=True)
    assert (first.ids, first.urgent, first.channel) == (["u"], True, "sms")
    (other,) = rest(made)
    assert (other.ids, other.urgent) == (["a"], False)


def test_a_full_batch_is_handed_out_and_the_next_one_begins() -> None:
    """No batch is larger than a task may be."""
    made = intake(batch_max=2)
    full, _ = made.take([record(str(at), at) for at in range(5)], Unsettled())
    assert [batch.ids for batch in full] == [["0", "1"], ["2", "3"]]
    assert [batch.ids for batch in rest(made)] == [["4"]]


def test_a_small_batch_waits_for_the_one_before_it_within_a_bound() -> None:
    """What comes in the meantime goes with it; other channels do not wait."""
    clock = Clock()
    made = intake(clock=clock)
    made.take([record("a", 0), record("e", 1, channel="email")], Unsettled())
    assert [batch.ids for batch in made.leaving(sms_busy, backlog=False)] == [["e"]]
    clock.now_ns += 19 * MS
    made.take([record("b", 2)], Unsettled())
    assert made.leaving(sms_busy, backlog=False) == []
    clock.now_ns += 1 * MS
    assert [batch.ids for batch in made.leaving(sms_busy, backlog=False)] == [["a", "b"]]
    made.take([record("c", 3)], Unsettled())
    assert made.leaving(sms_busy, backlog=False) == []
    assert [batch.ids for batch in made.leaving(idle, backlog=False)] == [["c"]]


def test_urgent_ones_wait_for_nothing() -> None:
    """Neither in their own lane, nor by priority in the shared one."""
    own = intake(lane="urgent")
    own.take([record("u", 0, priority="urgent")], Unsettled())
    assert [batch.ids for batch in own.leaving(sms_busy, backlog=False)] == [["u"]]
    shared = intake(urgent_apart=True)
    shared.take([record("a", 0), record("u", 1, priority="urgent")], Unsettled())
    assert [batch.ids for batch in shared.leaving(sms_busy, backlog=False)] == [["u"]]
