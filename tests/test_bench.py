"""A scenario from a file, without a notebook."""

from pathlib import Path

import pytest

from eureke.bench import once
from eureke.comparison import TASKS, WORKER
from eureke.measure.summary import summary_table
from eureke.scenario import Scenario
from eureke.stack.stack import Stack


def test_a_scenario_becomes_a_result_with_everything_it_asks_for(
    stack: Stack, tmp_path: Path
) -> None:
    """A flat-out load, an open loop, another way to do the same, and an outage."""
    scenario = Scenario(
        count=500, urgent_per_s=0, warm_up=0, open_loop_s=1, one_each=300, storms_s=(0.5,)
    )
    result = once(scenario, stack, results_folder=tmp_path)
    assert list(result.summary["phases"]) == ["flat-out", "open-loop", "storm-0.5s"]
    assert result.summary["accounted"] is True
    assert result.summary["kafka_floor_s"] > 0
    (peer,) = result.summary["peers"]
    assert 280 < peer["sample"] <= 300, "all but the malformed ones"
    assert peer["throughput_per_s"] == pytest.approx(peer["sample"] / peer["wall_s"])
    assert "one task and one POST each" in summary_table(result.summary)
    assert {each.name for each in stack.status() if each.running}.isdisjoint({f"{WORKER}-1", TASKS})
