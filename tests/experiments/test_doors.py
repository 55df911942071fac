"""The API's doors beside a bare server, on a small scale."""

import pytest

from eureke.errors import LoadFailed
from eureke.experiments.doors import NEEDED, doors, told
from eureke.experiments.hammering import BARE, hammered
from eureke.scenario import Scenario
from eureke.stack.stack import Stack


def test_each_door_is_measured_in_each_round_and_an_error_is_no_measurement() -> None:
    """The round that warms up is not counted; each is held against the bare one before it."""
    said: list[str] = []
    with Stack.start(scenario=Scenario(apis=1), only=NEEDED, say=lambda _line: None) as stack:
        table = doors(stack, rounds=2, count=100, say=said.append)
        with pytest.raises(LoadFailed, match="404"):
            hammered(stack, "/nowhere", name="hammer", count=3, connections=1)
    assert said == ["round 0 of 2 (a warm-up)", "round 1 of 2", "round 2 of 2"]
    bare, others = (table[(table["door"] == BARE) == is_bare] for is_bare in (True, False))
    assert others.groupby("door").size().eq(2).all()
    assert (bare["ratio"] == 1).all()
    before = bare["items_per_s"].to_numpy()
    assert others["ratio"].to_numpy() == pytest.approx(others["items_per_s"].to_numpy() / before)
    assert (table["items_per_s"] > 0).all()
    assert set(told(table).index) == set(table["door"])
