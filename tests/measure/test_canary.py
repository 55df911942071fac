"""The canary: tells how long ago a lane was last seen alive, and no account counts it."""

import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from prometheus_client import REGISTRY
from tests.waiting import wait_until

from eureke.measure.canary import Canary
from eureke.run import Run
from eureke.scenario import Scenario
from eureke.stack.stack import Stack

LANES = ("bulk", "urgent")
SILENCE_S = 10.0


def told(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def through(lane: str) -> float:
    return told("eureke_canaries_total", lane=lane, fate="through")


@pytest.fixture
def canary(stack: Stack) -> Iterator[Canary]:
    made = Canary(stack.settings)
    yield made
    made.close()


def turned(canary: Canary) -> bool:
    canary.turn(timeout_s=0.05)
    return True


def test_one_passes_through_each_lane(canary: Canary) -> None:
    before = {lane: through(lane) for lane in LANES}

    def back() -> bool:
        return turned(canary) and all(through(lane) > before[lane] for lane in LANES)

    wait_until(back, within_s=20, what="a canary's coming through each lane")
    for lane in LANES:
        assert told("eureke_canary_round_trip_seconds", lane=lane) > 0


@pytest.mark.parametrize("step_s", [-3600, 3600])
def test_a_wall_clock_that_steps_makes_none_younger_or_late(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, step_s: int
) -> None:
    """Backwards or forwards: no age is negative, and what was made an hour ago has not expired."""
    stepped_ns = 0
    wall = SimpleNamespace(monotonic=time.monotonic, time_ns=lambda: time.time_ns() + stepped_ns)
    monkeypatch.setattr("eureke.measure.canary.time", wall)
    canary = Canary(stack.settings)
    before = {lane: through(lane) for lane in LANES}

    def all_through(more: int) -> bool:
        canary.turn(timeout_s=0.05)
        ages = [told("eureke_canary_age_seconds", lane=lane) for lane in LANES]
        trips = [told("eureke_canary_round_trip_seconds", lane=lane) for lane in LANES]
        assert min(*ages, *trips) >= 0
        return all(through(lane) >= before[lane] + more for lane in LANES)

    wait_until(lambda: all_through(1), within_s=20, what="a canary's coming through")
    stepped_ns = step_s * 10**9
    wait_until(lambda: all_through(3), within_s=20, what="canaries of another hour")
    canary.close()


def test_a_worker_that_stands_still_is_seen_by_the_age_of_its_lane_alone(
    stack: Stack, canary: Canary
) -> None:
    """And once it goes on, the lane is young again: no canary was lost."""

    def age_s(lane: str) -> float:
        canary.turn(timeout_s=0.05)
        return told("eureke_canary_age_seconds", lane=lane)

    def young(lane: str) -> bool:
        return age_s(lane) < SILENCE_S

    stack.pause("worker-urgent-1")
    try:
        wait_until(lambda: age_s("urgent") > SILENCE_S, within_s=30, what="an old canary")
        wait_until(lambda: young("bulk"), within_s=10, what="a young one in the other lane")
        assert not young("urgent")
    finally:
        stack.resume("worker-urgent-1")
    wait_until(lambda: young("urgent"), within_s=20, what="a young canary")


def test_a_load_s_account_closes_around_canaries(stack: Stack, tmp_path: Path) -> None:
    """They are in the log, in the receipts and with the provider, and are nobody's phantoms."""
    scenario = Scenario(count=20_000, users=2_000, urgent_per_s=0, open_loop_s=0, warm_up=0)
    before = sum(map(through, LANES))
    watching = Canary(stack.settings)
    run = Run.begin(scenario, stack, results_folder=tmp_path, floor=False)
    sent = run.flat_out(disturb=lambda _share: watching.turn(timeout_s=0))
    run.close()

    def all_back() -> bool:
        return turned(watching) and sum(map(through, LANES)) > before

    wait_until(all_back, within_s=20, what="a canary's coming through")
    watching.close()
    assert sent.account.closes, sent.account
    assert sent.account.records == 20_000
