"""A scenario from a file, without a notebook."""

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from tests.made_up import judged_runs, made_up, runs

from eureke import bench
from eureke.bench import once, swept, verified
from eureke.comparison import TASKS, WORKER
from eureke.errors import BadParameter
from eureke.measure.machine import fingerprint
from eureke.measure.reference import JUDGED, MACHINE, RUNS_LEAST, Reference
from eureke.measure.results import SCHEMA, Result
from eureke.measure.summary import summary_table
from eureke.measure.verify import verdict
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
        count=500,
        users=2_000,
        urgent_per_s=0,
        warm_up=0,
        open_loop_s=1,
        one_each=300,
        storms_s=(0.5,),
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
        runs=[{name: each.summary[name] for name in JUDGED} for each in results],
    )


# Sweeps


def test_a_sweep_is_the_scenario_with_each_value() -> None:
    """Of the type that the name has, in the order given; all else stays."""
    scenario = Scenario(count=500, deadline_s=2.0)
    name, found = swept(scenario, "batch_max=1, 50,500")
    assert (name, [each.batch_max for each in found]) == ("batch_max", [1, 50, 500])
    assert {each.count for each in found} == {500}
    _, switched = swept(scenario, "monitoring=true,false")
    assert [each.monitoring for each in switched] == [True, False]
    _, shorter = swept(scenario, "retry_horizon_s=3,60")
    assert shorter[0].retry_horizon_s == 3, "judged with the scenario's own deadline"


@pytest.mark.parametrize(
    ("sweep", "what", "remedy"),
    [
        ("batch_maxx=1,2", "no parameter 'batch_maxx'", "did you mean 'batch_max'?"),
        ("=1,2", "no parameter ''", "one of: name, seed"),
        ("batch_max=", "has no values", "--sweep batch_max=1,50,500"),
        ("batch_max=,,", "has no values", "--sweep batch_max=1,50,500"),
        ("batch_max", "has no values", "--sweep batch_max=1,50,500"),
        ("batch_max=1.5,2", "Expected `int`", "as 2000 is one"),
        ("latency_median_ms=nan", "latency_median_ms is nan", "finite"),
        ("latency_median_ms=1,1.0", "a value twice", "once"),
        ("rejected_share=0.1,2", "rejected_share is 2.0", "between 0 and 1"),
    ],
)
def test_a_sweep_that_cannot_be_is_one_sentence(sweep: str, what: str, remedy: str) -> None:
    """With the nearest name, or the way to write it."""
    with pytest.raises(BadParameter) as raised:
        swept(Scenario(), sweep)
    assert what in raised.value.what
    assert remedy in raised.value.remedy


# Verifying: the runs are made up, a real machine's spread between them


HERE = fingerprint()
MADE_UP = Scenario(name="made-up", count=500_000)


def reference(**other: Any) -> Reference:
    """Of nine runs on this machine."""
    values: dict[str, Any] = {
        "schema": SCHEMA,
        "scenario": asdict(MADE_UP) | {"outages_s": [], "storms_s": []},
        "machine": asdict(HERE),
        "backend": "processes",
        "commit": "0123456",
        "runs": judged_runs(9, seed=0),
    }
    return Reference(**(values | other))


@pytest.fixture
def verify(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[str, int]]:
    """Verifies by these runs in place of real ones; the word, and how many were needed."""

    def judged(against: Reference, coming: list[Result]) -> tuple[str, int]:
        monkeypatch.setattr(bench, "fingerprint", lambda: HERE)
        monkeypatch.setattr(bench, "repeated", lambda *_, times, **__: (r for r in coming[:times]))
        told, found = verified(against, most=len(coming), say=lambda _line: None)
        return told.word, len(found)

    return judged


def here(root: Path, count: int, **other: Any) -> list[Result]:
    return runs(root, count, machine=asdict(HERE), **other)


def test_a_slow_down_of_a_quarter_is_found_every_time(
    tmp_path: Path, verify: Callable[..., tuple[str, int]]
) -> None:
    """Against a reference of nine runs, with what a real machine has between runs."""
    for seed in range(1, 41):
        against = reference(runs=judged_runs(9, seed=1000 + seed))
        slow = here(tmp_path, 15, seed=seed, slower=1.25)
        assert verify(against, slow)[0] == "NOT REPRODUCED", seed


def test_twenty_repeats_of_one_commit_raise_no_alarm(
    tmp_path: Path, verify: Callable[..., tuple[str, int]]
) -> None:
    """Each of them is reproduced, mostly by the first five runs."""
    found = [verify(reference(), here(tmp_path, 15, seed=seed)) for seed in range(1, 21)]
    assert {word for word, _ in found} == {"REPRODUCED"}
    assert sum(count for _, count in found) < 20 * 6


def test_more_runs_are_made_while_nobody_can_tell(
    tmp_path: Path, verify: Callable[..., tuple[str, int]]
) -> None:
    """As many as were allowed; and no more than needed."""
    assert verify(reference(), here(tmp_path, 7, spread=0.5)) == ("CANNOT TELL", 7)
    assert verify(reference(), here(tmp_path, 9, spread=0.01)) == ("REPRODUCED", RUNS_LEAST)


def test_an_account_that_does_not_close_ends_it_at_once(
    tmp_path: Path, verify: Callable[..., tuple[str, int]]
) -> None:
    """No number of other runs would excuse it."""
    lost = made_up(tmp_path, machine=asdict(HERE), accounted=False)
    coming = [*here(tmp_path, 1), lost, *here(tmp_path, 5)]
    assert verify(reference(), coming) == ("NOT REPRODUCED", 2)


def test_on_a_machine_of_another_kind_nothing_is_run(
    tmp_path: Path, verify: Callable[..., tuple[str, int]]
) -> None:
    """Nine runs would tell as little as none."""
    other = reference(machine=asdict(HERE) | {"cores_usable": 64.0})
    assert verify(other, here(tmp_path, 9)) == ("CANNOT TELL", 0)
