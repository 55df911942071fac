"""The API as the entrance: the account closes over it, and over its death."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from eureke.errors import BadParameter
from eureke.measure.results import Result
from eureke.phase import Phase, plan, sender_progress
from eureke.run import Run
from eureke.scenario import Scenario
from eureke.stack.stack import Stack

SCENARIO = Scenario(
    entrance="api",
    count=20_000,
    users=2_000,
    urgent_per_s=20,
    open_loop_s=0,
    warm_up=500,
    latency_median_ms=2,
)


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """A stack with two replicas of the API."""
    with Stack.start(scenario=replace(SCENARIO, apis=2), say=lambda _line: None) as warm:
        yield warm


def flat_out(stack: Stack, folder: Path, scenario: Scenario = SCENARIO) -> tuple[Phase, Result]:
    run = Run.begin(scenario, stack, results_folder=folder, floor=False)
    return run.flat_out(), run.close()


def test_a_load_by_the_api_is_accounted_for(stack: Stack, tmp_path: Path) -> None:
    """What is no notification is refused at the door, and everything else is in the log once."""
    phase, result = flat_out(stack, tmp_path, replace(SCENARIO, urgent_per_s=0))
    found = phase.account
    assert found.closes, found
    assert found.unknown == 0
    assert found.malformed == 0
    assert found.refused > 0
    assert found.records == found.acknowledged
    assert phase.sent == found.acknowledged + found.refused
    assert result.summary["accounted"] is True
    assert result.run["scenario"]["entrance"] == "api"


def test_each_has_a_request_of_its_own_at_its_time(stack: Stack, tmp_path: Path) -> None:
    """An open loop by the API has latencies like any other."""
    scenario = replace(SCENARIO, count=500, open_loop_s=2, rate_per_s=100)
    run = Run.begin(scenario, stack, results_folder=tmp_path, floor=False)
    phase = run.open_loop()
    run.close()
    assert phase.account.closes, phase.account
    assert phase.account.acknowledged + phase.account.refused == 200
    assert phase.receipt_ms is not None
    assert phase.receipt_ms.n == phase.account.delivered


def test_the_api_killed_in_mid_run(stack: Stack, tmp_path: Path) -> None:
    """Nobody knows what became of the requests that were in it: they are sent again."""
    scenario = replace(SCENARIO, count=150_000, urgent_per_s=0, warm_up=0)
    run = Run.begin(scenario, stack, results_folder=tmp_path, floor=False)
    killed: list[int] = []

    def kill(_share: float) -> None:
        records = list(stack.shared.glob("work/*/sent-flat-out.parquet.progress"))
        state = sender_progress(records[0].with_suffix("")) if records else {}
        if 0 < state.get("sent", 0) < scenario.count and not killed:
            killed.append(state["sent"])
            stack.kill("api-1")

    phase = run.flat_out(disturb=kill)
    after = run.send(plan(scenario, name="after", count=500))
    run.close()
    assert killed, "the load was over before the fault"
    assert phase.restarts == {"api-1": 1}
    assert after.restarts == {}, "it died in the load before"
    assert phase.account.closes, phase.account
    assert phase.account.unknown == 0
    assert phase.account.records >= phase.account.acknowledged


def test_without_an_api_there_is_no_entrance_by_it(tmp_path: Path) -> None:
    """Said before anything is sent."""
    with Stack.start(scenario=Scenario(), only=("redis-cache",), say=lambda _line: None) as bare:
        with pytest.raises(BadParameter, match="no API") as caught:
            flat_out(bare, tmp_path)
        assert "apis=1" in caught.value.remedy
    assert not list(tmp_path.iterdir())
