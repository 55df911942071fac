"""What a part costs: an interval over pairs, and what is compared."""

from dataclasses import replace
from pathlib import Path
from typing import ClassVar, cast

import pandas as pd
import pytest
from typer.testing import CliRunner

from eureke.cli import app
from eureke.measure.results import list_results
from eureke.phase import plan
from eureke.scenario import Scenario
from eureke.stack.stack import Stack
from eureke.tolls import PARTS, interval, toll


def test_pairs_that_agree_leave_no_doubt() -> None:
    assert interval(pd.Series([1.1] * 7)) == pytest.approx((1.1, 1.1, 1.1))


def test_pairs_that_differ_leave_an_interval_around_their_mean() -> None:
    mean, low, high = interval(pd.Series([0.9, 1.0, 1.1, 1.2, 1.0, 1.05, 0.95]))
    assert 0.9 < low < mean < high < 1.2


def test_the_sides_of_a_pair_go_through_the_same_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Past Nginx and through it, both accounted for; each side of a pair once, in turns."""
    few = replace(PARTS["nginx"].scenario, users=2_000)
    monkeypatch.setitem(PARTS, "nginx", replace(PARTS["nginx"], scenario=few))
    said: list[str] = []
    table = toll("nginx", pairs=2, count=10_000, say=said.append, results_folder=tmp_path)
    assert list(table["pair"]) == [0, 1]
    raw = table["with_ms"] / table["without_ms"]
    assert (table["ratio"] * table["yardstick"]).to_numpy() == pytest.approx(raw.to_numpy())
    assert (table[["with_ms", "without_ms", "yardstick"]] > 0).all().all()
    (result,) = list_results(tmp_path)
    order = ["without-1", "with-1", "with-2", "without-2"]
    assert list(result.summary["phases"]) == order
    assert result.summary["accounted"] is True


def test_nobody_is_asked_without_monitoring() -> None:
    """Paused for as long as the load takes, and no longer."""

    class Paused:
        names: ClassVar[list[str]] = []

        def pause(self, name: str) -> None:
            self.names.append(name)

        def resume(self, name: str) -> None:
            self.names.remove(name)

    stack = cast("Stack", Paused())
    load = plan(Scenario(), name="some", count=1)
    with PARTS["monitoring"].without(stack, load) as sent:
        assert sent == load
        assert set(Paused.names) == {"prometheus", "exporter", "canary"}
    assert Paused.names == []


def test_an_unknown_part_is_refused_with_the_nearest() -> None:
    done = CliRunner().invoke(app, ["toll", "ngnix"])
    assert done.exit_code != 0
    assert "nginx" in str(done.exception)
