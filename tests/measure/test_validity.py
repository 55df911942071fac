"""When numbers may not be believed."""

from dataclasses import replace
from typing import Any

import pytest

from eureke.measure.sampler import Sample
from eureke.measure.validity import Facts, clock_step_s, floor_drift, invalid_reasons

GOOD = Facts(offered_per_s=278, achieved_per_s=277.9, send_lag_p99_ms=1.0, provider_busy=0.3)


def test_a_good_run_is_valid() -> None:
    """So is one without an open loop."""
    assert invalid_reasons(GOOD) == []
    assert invalid_reasons(Facts()) == []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"achieved_per_s": 270.0}, "reached"),
        ({"send_lag_p99_ms": 10.5}, "late"),
        ({"waited": 3}, "connection"),
        ({"provider_busy": 0.97}, "saturated"),
        ({"clock_step_s": -3.0}, "clock"),
    ],
)
def test_each_fault_of_the_equipment_is_a_reason(change: dict[str, Any], word: str) -> None:
    """One sentence each, with its number."""
    (reason,) = invalid_reasons(replace(GOOD, **change))
    assert word in reason


def test_a_stepped_clock_shows_against_the_monotonic_one() -> None:
    """Forwards and backwards."""
    walls = [100.0, 101.0, 98.5, 103.0]
    samples = [
        Sample(t_ns=at * 1_000_000_000, wall_s=wall, processes={}) for at, wall in enumerate(walls)
    ]
    assert clock_step_s(samples) == pytest.approx(-3.5)


def test_the_drift_of_the_floor_is_a_share_of_its_mean() -> None:
    """Whichever way it went."""
    assert floor_drift(2.0, 3.0) == floor_drift(3.0, 2.0) == pytest.approx(0.4)
