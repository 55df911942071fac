"""What a part costs: an interval over pairs, and what is compared."""

import pandas as pd
import pytest
from typer.testing import CliRunner

from eureke.cli import app
from eureke.tolls import PARTS, interval


def test_pairs_that_agree_leave_no_doubt() -> None:
    assert interval(pd.Series([1.1] * 7)) == pytest.approx((1.1, 1.1, 1.1))


def test_pairs_that_differ_leave_an_interval_around_their_mean() -> None:
    mean, low, high = interval(pd.Series([0.9, 1.0, 1.1, 1.2, 1.0, 1.05, 0.95]))
    assert 0.9 < low < mean < high < 1.2


@pytest.mark.parametrize("part", PARTS)
def test_the_sides_of_a_pair_differ_in_one_thing(part: str) -> None:
    without, there = PARTS[part]
    assert sum(getattr(without, name) != getattr(there, name) for name in without.__slots__) == 1


def test_an_unknown_part_is_refused_with_the_nearest() -> None:
    done = CliRunner().invoke(app, ["toll", "ngnix"])
    assert done.exit_code != 0
    assert "nginx" in str(done.exception)
