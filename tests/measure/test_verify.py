"""The verdict on runs beside a reference, and why it is that one."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from tests.made_up import MACHINE, judged_runs, made_up, runs

from eureke.errors import BadParameter
from eureke.measure.reference import RUNS_LEAST, Reference
from eureke.measure.results import SCHEMA, Result
from eureke.measure.verify import verdict
from eureke.scenario import Scenario

SCENARIO = Scenario(name="made-up", count=500_000)
REFERENCE = Reference(
    schema=SCHEMA,
    scenario=asdict(SCENARIO) | {"outages_s": [], "storms_s": []},  # as JSON has them
    machine=MACHINE,
    backend="processes",
    commit=str(MACHINE["commit"]),
    runs=judged_runs(9, seed=0),
)


def test_runs_that_are_alike_reproduce_it(tmp_path: Path) -> None:
    """With the numbers by which that is judged."""
    found = verdict(REFERENCE, runs(tmp_path, 5))
    assert found.word == "REPRODUCED"
    assert found.slower is not None
    assert str(found.slower) in found.reason
    assert "5 runs against 9" in found.reason


@pytest.mark.parametrize(("slower", "way"), [(1.5, "slower"), (0.6, "faster")])
def test_runs_that_are_not_do_not_and_it_says_which_way(
    slower: float, way: str, tmp_path: Path
) -> None:
    """What is faster is another system as well."""
    found = verdict(REFERENCE, runs(tmp_path, 5, slower=slower))
    assert found.word == "NOT REPRODUCED"
    assert f"clearly {way}, by more than 10%" in found.reason


def test_a_faster_or_slower_machine_is_no_difference(tmp_path: Path) -> None:
    """What is judged is the time by what the yardstick needed in the same run."""
    found = verdict(REFERENCE, runs(tmp_path, 5, wall_s=40.0, yardstick_cpu_s=20.0))
    assert found.word == "REPRODUCED"


def test_an_interval_that_is_too_wide_tells_nothing(tmp_path: Path) -> None:
    """Neither likeness nor a difference is claimed from noise."""
    found = verdict(REFERENCE, runs(tmp_path, 5, spread=0.4))
    assert found.word == "CANNOT TELL"
    assert "too wide" in found.reason


@pytest.mark.parametrize("count", [1, RUNS_LEAST - 1])
def test_fewer_than_five_runs_tell_nothing(count: int, tmp_path: Path) -> None:
    """However alike they are."""
    found = verdict(REFERENCE, runs(tmp_path, count, spread=0.0))
    assert found.word == "CANNOT TELL"
    assert f"{count} of {count} runs" in found.reason
    assert found.reason.endswith("give more")


def test_runs_that_may_not_be_believed_do_not_count(tmp_path: Path) -> None:
    """Whatever they say: with four that may, nobody can tell; with five others one can."""
    good, bad = runs(tmp_path, 4), runs(tmp_path, 3, slower=3.0, valid=False)
    found = verdict(REFERENCE, [*good, *bad])
    assert found.word == "CANNOT TELL"
    assert "4 of 7 runs may be believed" in found.reason
    assert "too busy" in found.reason
    assert verdict(REFERENCE, [*good, *runs(tmp_path, 1), *bad]).word == "REPRODUCED"


@pytest.mark.parametrize(
    ("other", "word"),
    [
        ({"machine": {"cores_usable": 4.0}}, "cores_usable 2.0, this one 4.0"),
        ({"machine": {"architecture": "aarch64"}}, "architecture x86_64, this one aarch64"),
        ({"backend": "containers"}, "as processes, this as containers"),
    ],
)
def test_another_kind_of_machine_or_backend_tells_nothing(
    other: dict[str, Any], word: str, tmp_path: Path
) -> None:
    """Even where all else is alike; another processor of the same kind is no hindrance."""
    found = verdict(REFERENCE, runs(tmp_path, 5, **other))
    assert found.word == "CANNOT TELL"
    assert word in found.reason
    another = runs(tmp_path, 5, machine={"processor": "another", "memory_gib": 64.0})
    assert verdict(REFERENCE, another).word == "REPRODUCED"


def test_an_account_that_does_not_close_is_enough(tmp_path: Path) -> None:
    """One of six, and on a machine with other cores: nothing excuses a loss."""
    lost = made_up(tmp_path, accounted=False, machine={"cores_usable": 64.0})
    found = verdict(REFERENCE, [*runs(tmp_path, 5), lost])
    assert found.word == "NOT REPRODUCED"
    assert f"the account of {lost.run_id} does not close" in found.reason


def test_another_scenario_is_refused_by_the_name_of_what_differs(tmp_path: Path) -> None:
    """A reference says nothing of it."""
    (other,) = runs(tmp_path, 1, scenario=replace(SCENARIO, batch_max=50))
    with pytest.raises(BadParameter, match=r"the reference has batch_max = 2000, .* has 50"):
        verdict(REFERENCE, [other])


def test_a_run_that_is_named_twice_or_was_aborted_is_refused(tmp_path: Path) -> None:
    """Five times the same run has no spread, and half a run is no slow one."""
    (one,) = runs(tmp_path, 1)
    with pytest.raises(BadParameter, match="named twice"):
        verdict(REFERENCE, [one] * 5)
    aborted = made_up(tmp_path, aborted=True, accounted=False)
    with pytest.raises(BadParameter, match="was aborted"):
        verdict(REFERENCE, [aborted])


def test_the_result_of_a_chapter_is_refused(tmp_path: Path) -> None:
    """It has no scenario."""
    (result,) = runs(tmp_path, 1)
    (result.folder / "run.json").write_text('{"schema": 1, "chapter": "01-rest"}')
    with pytest.raises(BadParameter, match="result of a chapter"):
        verdict(REFERENCE, [Result(result.folder)])


def test_equipment_that_nobody_saw_is_no_yardstick(tmp_path: Path) -> None:
    """One sentence, and no division by nothing."""
    with pytest.raises(BadParameter, match="no processor time"):
        verdict(REFERENCE, runs(tmp_path, 5, yardstick_cpu_s=0.0))
