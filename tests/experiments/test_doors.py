"""The API's doors beside a bare server, on a small scale."""

import pytest

from eureke.errors import LoadFailed
from eureke.experiments.doors import NEEDED, doors, told
from eureke.experiments.hammering import BARE, hammered
from eureke.scenario import Scenario
from eureke.stack.stack import Stack


def test_each_door_is_measured_in_each_round_and_an_error_is_no_measurement() -> None:
    """The round that warms up is not counted; the bare one is what the others are held against."""
    said: list[str] = []
    with Stack.start(scenario=Scenario(apis=1), only=NEEDED, say=lambda _line: None) as stack:
        table = doors(stack, rounds=2, count=100, say=said.append)
        with pytest.raises(LoadFailed, match="404"):
            hammered(stack, "/nowhere", name="hammer", count=3, connections=1)
    assert said == ["round 0 of 2 (a warm-up)", "round 1 of 2", "round 2 of 2"]
    assert len(table) == 2 * table["door"].nunique()
    assert (table[table["door"] == BARE]["ratio"] == 1).all()
    assert (table["items_per_s"] > 0).all()
    assert set(told(table).index) == set(table["door"])
