"""How much larger one set of runs is than another, and how sure that is."""

import numpy as np
import pytest

from eureke.measure.ratios import LEAST, interval, ratio


def test_the_ratio_is_that_of_the_medians_whatever_lies_far_off() -> None:
    """One run beside a backup job changes nothing."""
    found = ratio([20.0, 22.0, 21.0, 90.0, 20.5], [10.0, 10.5, 11.0])
    assert found.middle == pytest.approx(2.0)
    assert found.low < 2 < found.high


def test_the_same_runs_give_the_same_interval() -> None:
    """It comes from chance with a seed."""
    ours, theirs = [1.0, 2.0, 3.0], [2.0, 3.0, 4.0]
    assert ratio(ours, theirs) == ratio(ours, theirs)
    assert interval(ours) == interval(ours)


def test_more_runs_narrow_it_and_a_wider_spread_widens_it() -> None:
    """By about the root of their number."""

    def width(count: int, spread: float) -> float:
        chance = np.random.default_rng(4)
        found = ratio(*(chance.normal(10, spread, count).tolist() for _ in range(2)))
        return found.high - found.low

    assert width(80, 0.5) < width(20, 0.5) / 1.5 < width(5, 0.5)
    assert width(20, 1.0) > 1.5 * width(20, 0.5)


def test_with_too_few_runs_nobody_can_tell() -> None:
    """On either side; the ratio itself is told."""
    few, enough = [3.0] * (LEAST - 1), [1.5] * LEAST
    for sides in ((few, enough), (enough, few)):
        found = ratio(*sides)
        assert (found.low, found.high) == (0.0, float("inf"))
    assert ratio(few, enough).middle == 2.0
    assert interval(few) is None
    assert interval(enough) == (1.5, 1.5)


def test_it_is_told_with_its_interval() -> None:
    """As a reader takes it in."""
    assert str(ratio([2.0] * 3, [1.0] * 3)) == "2.00 (95 %: 2.00 to 2.00)"
