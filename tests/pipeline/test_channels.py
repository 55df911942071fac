"""Channels that are paused while their provider is away."""

import random

from tests.clock import Clock, S

from eureke.pipeline.batch import Batch, Try
from eureke.pipeline.channels import PAUSE_BASE_S, PAUSE_MOST_S, Channels
from eureke.pipeline.offsets import place

ROOM = 64


class Least(random.Random):
    """Draws the longest wait every time."""

    def uniform(self, a: float, b: float) -> float:  # noqa: ARG002  as in `random`
        return b


def channels(clock: Clock, *, batch_max: int = 2, most: int = 100) -> Channels:
    return Channels(batch_max=batch_max, clock=clock, chance=Least(), most=most)


def batch_of(*offsets: int, channel: str = "sms", partition: int = 0, sent_ns: int = 1) -> Batch:
    batch = Batch(id=f"b-{offsets[0]}", channel=channel, polled_ns=0, sent_ns=sent_ns)
    for offset in offsets:
        batch.add(b"{}", str(offset), place(partition, offset))
    return batch


def refuse(held: Channels, batch: Batch, *, wait_ms: int = 0) -> None:
    assert held.refused(batch, "status 503", wait_ms=wait_ms)
    held.park(batch)


def ids(batches: list[Batch]) -> list[str]:
    return [each for batch in batches for each in batch.ids]


def test_a_refused_batch_pauses_its_channel_and_no_other() -> None:
    """The others go on, whatever waits."""
    held = channels(Clock())
    refuse(held, batch_of(1))
    assert held.waits("sms")
    assert not held.waits("email")


def test_one_batch_is_sent_to_find_out_and_all_follow_once_it_is_answered() -> None:
    """A provider that comes back is asked once, not by everybody at once."""
    clock = Clock()
    held = channels(clock)
    for offset in (1, 3, 5):
        batch = batch_of(offset, offset + 1)
        refuse(held, batch)
    assert held.ready(ROOM) == []
    clock.pass_s(PAUSE_BASE_S)
    (probe,) = held.ready(ROOM)
    assert held.ready(ROOM) == []
    held.answered(probe)
    assert ids(held.ready(ROOM)) == ["3", "4", "5", "6"]
    assert held.parked == 0
    assert not held.waits("sms")


def test_each_refused_probe_makes_the_pause_longer_and_another_batch_the_next_probe() -> None:
    """A batch that is itself the reason does not keep the others from finding out."""
    clock = Clock()
    held = channels(clock)
    refuse(held, batch_of(1, 2))
    refuse(held, batch_of(3, 4))
    pause_s = PAUSE_BASE_S
    for expected in ("1", "3", "1", "3", "1", "3"):
        clock.pass_s(pause_s - 0.01)
        assert held.ready(ROOM) == []
        clock.pass_s(0.01)
        (probe,) = held.ready(ROOM)
        assert probe.ids[0] == expected
        refuse(held, probe)
        pause_s = min(PAUSE_MOST_S, pause_s * 2)
    assert pause_s == PAUSE_MOST_S


def test_an_outage_may_last_for_days() -> None:
    """After thousands of refused probes the next one comes as it did after ten."""
    clock = Clock()
    held = channels(clock)
    refuse(held, batch_of(1))
    for _ in range(5_000):
        clock.pass_s(PAUSE_MOST_S)
        (probe,) = held.ready(ROOM)
        refuse(held, probe)
    assert held.parked == 1


def test_the_wait_that_a_provider_asks_for_is_the_least() -> None:
    """Retry-After is honoured by the channel as a whole."""
    clock = Clock()
    held = channels(clock)
    refuse(held, batch_of(1), wait_ms=3000)
    clock.pass_s(2.99)
    assert held.ready(ROOM) == []
    clock.pass_s(0.01)
    assert ids(held.ready(ROOM)) == ["1"]


def test_a_refusal_where_others_are_answered_is_the_batchs_own() -> None:
    """Then it is an attempt, and no outage."""
    clock = Clock()
    held = channels(clock)
    clock.pass_s(1)
    held.answered(batch_of(9))
    assert not held.refused(batch_of(1, sent_ns=S), "status 503", wait_ms=0)
    assert not held.waits("sms")


def test_what_arrives_during_a_pause_waits_in_full_batches_up_to_a_bound() -> None:
    """At the bound the dispatcher stops reading."""
    held = channels(Clock(), batch_max=2, most=4)
    refuse(held, batch_of(1))
    assert held.park(batch_of(2)).ids == ["1", "2"]
    assert held.park(batch_of(3)).ids == ["3"]
    assert not held.full
    held.park(batch_of(4))
    assert held.full


def test_what_waits_is_let_go_by_and_by() -> None:
    """No more than there is room for, and new ones queue behind."""
    held = channels(Clock(), batch_max=1)
    for offset in (1, 2, 3):
        refuse(held, batch_of(offset))
    held.answered(batch_of(9))
    assert ids(held.ready(2)) == ["1", "2"]
    assert held.waits("sms")
    assert ids(held.ready(2)) == ["3"]


def test_the_pause_is_told_to_the_tries_of_what_waited() -> None:
    """However often a batch was parked and merged: the horizon leaves pauses out."""
    clock = Clock()
    held = channels(clock)
    first, second = batch_of(1), batch_of(2)
    for batch in (first, second):
        batch.tries[batch.places[0]] = Try(attempts=1, first_ns=1)
    refuse(held, first)
    clock.pass_s(10)
    held.park(second)
    clock.pass_s(5)
    (probe,) = held.ready(ROOM)
    assert [probe.tries[at].paused_ns for at in probe.places] == [15 * S, 5 * S]


def test_items_of_a_partition_that_moved_are_dropped_and_the_others_stay() -> None:
    """Their next owner reads them again from the log."""
    held = channels(Clock(), batch_max=2)
    mixed = batch_of(1)
    mixed.add(b"{}", "7", place(1, 7))
    mixed.tries = {packed: Try(attempts=1) for packed in mixed.places}
    refuse(held, mixed)
    refuse(held, batch_of(8, partition=1))
    changed = list(held.abandon({1}))
    assert [(old.ids, rest.ids if rest else None) for old, rest in changed] == [
        (["1", "7"], ["1"]),
        (["8"], None),
    ]
    kept = changed[0][1]
    assert kept is not None
    assert list(kept.tries) == kept.places
    assert held.parked == 1
