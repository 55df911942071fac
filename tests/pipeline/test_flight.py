"""The in-flight table."""

import random
from dataclasses import replace

from tests.clock import Clock, S

from eureke.notification import Setback, Unfinished
from eureke.pipeline.batch import Batch, Try
from eureke.pipeline.budget import FREE_PER_S, SHARE
from eureke.pipeline.flight import OVERDUE_MOST_S, InFlight, Settled
from eureke.pipeline.offsets import place


def table(clock: Clock, *, most: int = 4, overdue_s: float = 3.0) -> InFlight:
    return InFlight(
        most=most, overdue_s=overdue_s, retry_horizon_s=60, clock=clock, chance=random.Random(1)
    )


def batch_of(*ids: str) -> Batch:
    batch = Batch(id="b-1", channel="sms", polled_ns=0)
    for offset, each in enumerate(ids):
        batch.add(f'{{"id":"{each}"}}'.encode(), each, place(0, offset))
    return batch


def settled(flight: InFlight, heard: Unfinished) -> Settled:
    batch = flight.take(heard.batch_id)
    assert batch is not None
    return flight.settle(batch, heard)


def receipt(
    *, retry: list[Setback] | None = None, rejected: list[Setback] | None = None
) -> Unfinished:
    return Unfinished("b-1", retry=retry or [], rejected=rejected or [])


def test_a_batch_without_receipt_is_overdue_under_its_own_id_and_waits_longer_each_time() -> None:
    """Resending doubles its patience, so a slow queue is not flooded."""
    clock = Clock()
    flight = table(clock)
    flight.sent(batch_of("x"), queued=True)
    clock.now_ns += 3 * S - 1
    assert flight.overdue() == []
    clock.now_ns += 1
    (again,) = flight.overdue()
    assert again.id == "b-1"
    flight.sent(again, queued=True)
    clock.now_ns += 3 * S
    assert flight.overdue() == []
    clock.now_ns += 3 * S
    assert [batch.id for batch in flight.overdue()] == ["b-1"]


def test_a_worker_may_be_away_for_days() -> None:
    """A batch that was sent thousands of times is sent again as it was before."""
    clock = Clock()
    flight = table(clock)
    batch = batch_of("x")
    for _ in range(3_000):
        flight.sent(batch, queued=True)
        clock.now_ns += int(OVERDUE_MOST_S * S)
        assert flight.overdue() == [batch]


def test_a_batch_the_queue_refused_is_tried_again_soon() -> None:
    """A queue that was away for a moment costs half a second, not the overdue time."""
    clock = Clock()
    flight = table(clock)
    flight.sent(batch_of("x"), queued=False)
    clock.now_ns += S // 2
    assert len(flight.overdue()) == 1


def test_a_receipt_settles_once() -> None:
    """The second receipt of a batch, after a resend, changes nothing."""
    flight = table(Clock())
    flight.sent(batch_of("x"), queued=True)
    assert flight.take("b-1") is not None
    assert flight.take("b-1") is None
    assert len(flight) == 0


def test_the_table_is_bounded() -> None:
    """Full means that the dispatcher stops reading."""
    flight = table(Clock(), most=1)
    assert not flight.full
    flight.sent(batch_of("x"), queued=True)
    assert flight.full


def test_an_item_to_try_again_keeps_its_bytes_and_counts_its_attempts() -> None:
    """It becomes due within the back-off, and Retry-After is the least it waits."""
    clock = Clock()
    flight = table(clock)
    flight.sent(batch_of("x", "y"), queued=True)
    settled(flight, receipt(retry=[Setback(0, 1, "y", "busy", retry_after_ms=5000)]))
    clock.now_ns += 5 * S - 1
    assert flight.due() == []
    clock.now_ns += 1
    (item,) = flight.due()
    assert (item.id, item.value, item.tried.attempts) == ("y", b'{"id":"y"}', 1)
    assert flight.due() == []


def test_an_item_that_failed_until_the_horizon_dies_and_a_rejected_one_at_once() -> None:
    """Both come out as dead, with the reason the provider gave last."""
    clock = Clock()
    flight = table(clock)
    batch = batch_of("x", "y")
    flight.sent(batch, queued=True)
    found = settled(flight, receipt(rejected=[Setback(0, 0, "x", "no such address")]))
    assert [(item.id, item.reason) for item in found.dead] == [("x", "no such address")]
    flight.sent(batch, queued=True)
    clock.now_ns += 60 * S
    found = settled(flight, receipt(retry=[Setback(0, 1, "y", "busy")]))
    assert [item.id for item in found.dead] == ["y"]


def test_a_pause_of_its_channel_is_no_part_of_an_items_horizon() -> None:
    """An hour's outage between two failures kills nobody."""
    clock = Clock()
    flight = table(clock)
    batch = batch_of("x")
    batch.tries[place(0, 0)] = Try(attempts=1, first_ns=S, paused_ns=3600 * S)
    clock.now_ns += 3630 * S
    flight.sent(batch, queued=True)
    found = settled(flight, receipt(retry=[Setback(0, 0, "x", "busy")]))
    assert found.dead == []
    assert [item.tried.attempts for item in found.waiting] == [2]


def test_a_batch_refused_as_a_whole_is_tried_again_item_by_item() -> None:
    """Its receipt lists nothing: the table knows what was in it."""
    flight = table(Clock())
    flight.sent(batch_of("x", "y"), queued=True)
    found = settled(flight, Unfinished("b-1", refused="status 503"))
    assert [(item.id, item.reason) for item in found.waiting] == [
        ("x", "status 503"),
        ("y", "status 503"),
    ]


def test_retries_beyond_the_budget_wait_for_time_or_for_first_tries() -> None:
    """A provider that fails everything is not asked twice as often for it."""
    clock = Clock()
    flight = table(clock)
    many = [str(number) for number in range(6_000)]
    flight.sent(batch_of(*many), queued=True)
    failed = [Setback(0, offset, each, "busy") for offset, each in enumerate(many)]
    settled(flight, receipt(retry=failed))
    clock.now_ns += S // 2  # longer than any first back-off
    first = len(flight.due())
    assert first == FREE_PER_S + SHARE * 6_000 + FREE_PER_S / 2
    assert flight.due() == []
    clock.now_ns += S
    assert len(flight.due()) == min(6_000 - first, FREE_PER_S)


def test_waiting_items_of_a_partition_that_moved_are_let_go() -> None:
    """Their next owner reads them again from the log."""
    flight = table(Clock())
    flight.sent(batch_of("x"), queued=True)
    settled(flight, receipt(retry=[Setback(0, 0, "x", "busy")]))
    assert [item.id for item in flight.abandon({0})] == ["x"]
    assert flight.waiting == 0


def test_delivered_items_leave_nothing_to_be_done() -> None:
    """A clean receipt ends the whole batch."""
    flight = table(Clock())
    flight.sent(batch_of("x"), queued=True)
    done = settled(flight, Unfinished("b-1"))
    assert (done.waiting, done.dead) == ([], [])


def test_a_channel_is_busy_until_each_of_its_batches_has_its_receipt() -> None:
    """A batch that is sent again is still one."""
    flight = table(Clock())
    batch, other = batch_of("x"), replace(batch_of("y"), id="b-2")
    for each in (batch, other, batch):
        flight.sent(each, queued=True)
    assert (flight.has("sms"), flight.has("email")) == (True, False)
    assert flight.take("b-1") is batch
    assert flight.take("b-1") is None
    assert flight.has("sms")
    flight.take("b-2")
    assert not flight.has("sms")
