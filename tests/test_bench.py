"""A scenario from a file, without a notebook."""

import time
from pathlib import Path

import pytest

from eureke.bench import once
from eureke.comparison import TASKS, WORKER
from eureke.measure.reference import MACHINE, Reference
from eureke.measure.results import SCHEMA, Result
from eureke.measure.summary import summary_table
from eureke.measure.verify import RUNS_LEAST, verdict
from eureke.run import Run
from eureke.scenario import Scenario
from eureke.stack.stack import Stack

ROOT = Path(__file__).parents[1]
SYSTEM = ("kafka", "dispatcher-bulk-1", "worker-bulk-1", "provider")
A_QUARTER_SLOWER_S = 0.07
"""Standing still for so long at each look, which comes a fifth of a second after the last."""


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


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_slow_down_is_found_and_a_repeat_is_none(tmp_path: Path) -> None:
    """Of one commit, in turns: runs as they are, the same again, and runs that stand still now and
    then."""
    scenario = Scenario.read(ROOT / "benchmarks" / "verify.toml")
    known, again, slow = [], [], []
    for _ in range(RUNS_LEAST):
        known.append(run_of(scenario, tmp_path))
        slow.append(run_of(scenario, tmp_path, still_s=A_QUARTER_SLOWER_S))
        again.append(run_of(scenario, tmp_path))
    reference = reference_of(known)
    assert verdict(reference, slow).word == "NOT REPRODUCED", verdict(reference, slow)
    assert verdict(reference, again).word != "NOT REPRODUCED", verdict(reference, again)


def run_of(scenario: Scenario, folder: Path, *, still_s: float = 0.0) -> Result:
    """One run on a stack of its own, whose system stands still for a while at each look."""
    with Stack.start(scenario=scenario, backend="processes", say=lambda _line: None) as stack:

        def stand_still(_share: float) -> None:
            for name in SYSTEM if still_s else ():
                stack.pause(name)
            time.sleep(still_s)
            for name in SYSTEM if still_s else ():
                stack.resume(name)

        run = Run.begin(scenario, stack, results_folder=folder)
        run.flat_out(disturb=stand_still)
        return run.close()


def reference_of(results: list[Result]) -> Reference:
    """A reference as `eureke reference` makes it, of a checkout that may have been changed."""
    first = results[0].run
    return Reference(
        schema=SCHEMA,
        scenario=first["scenario"],
        machine={name: first["machine"][name] for name in MACHINE},
        backend=first["backend"],
        commit="",
        runs=[{"floor_ratio": each.summary["floor_ratio"]} for each in results],
    )
