"""Two sets of runs beside each other."""

from pathlib import Path

import pytest
from tests.made_up import made_up, runs

from eureke.errors import BadParameter, ResultUnreadable
from eureke.measure.compare import compare_table
from eureke.measure.results import Result
from eureke.scenario import Scenario

BEFORE, AFTER = (Scenario(name="made-up", count=500_000, batch_max=size) for size in (50, 2000))


def rows(table: str) -> dict[str, list[str]]:
    """A table's rows by what they are of."""
    cells = [line.strip("|").split(" | ") for line in table.splitlines() if line.startswith("| ")]
    return {first.strip(): [each.strip() for each in rest] for first, *rest in cells}


def test_each_number_of_either_side_and_how_much_larger_the_second_is(tmp_path: Path) -> None:
    """With its interval; what was not measured has no row; what differs is told first."""
    first = runs(tmp_path, 5, scenario=BEFORE, wall_s=10.0)
    second = runs(tmp_path, 5, scenario=AFTER, slower=2.0, wall_s=25.0)
    table = compare_table(first, second)
    found = rows(table)
    assert found["first send to last receipt, s"] == ["10.0", "25.0", "2.50 (95 %: 2.50 to 2.50)"]
    assert found["ratio to the floor"][2].startswith("2.0")
    assert "receipt p99, ms" not in found
    assert table.startswith("Different: batch_max: 50 and 2000.")
    assert "5 runs against 5. Accounted 10 of 10, valid 10 of 10." in table


def test_runs_not_to_be_believed_are_counted(tmp_path: Path) -> None:
    """They stand in the table, and below it how many they are."""
    first, second = runs(tmp_path, 3), runs(tmp_path, 3, valid=False, accounted=False)
    assert "Accounted 3 of 6, valid 3 of 6." in compare_table(first, second)


def test_with_one_run_each_there_is_no_interval_and_it_says_so(tmp_path: Path) -> None:
    """A ratio without one is a hint and no more."""
    table = compare_table([made_up(tmp_path)], [made_up(tmp_path, wall_s=30.0)])
    assert table.startswith("The same scenario.")
    assert rows(table)["first send to last receipt, s"] == ["10.0", "30.0", "3.00"]
    assert "nobody can say how sure that is" in table


def test_other_machines_and_backends_are_refused(tmp_path: Path) -> None:
    """A difference would be theirs."""
    here = runs(tmp_path, 3)
    with pytest.raises(BadParameter, match="of different machines") as raised:
        compare_table(here, runs(tmp_path, 3, machine={"processor": "another"}))
    assert "eureke verify" in raised.value.remedy
    with pytest.raises(BadParameter, match="of different backends: processes and containers"):
        compare_table(here, runs(tmp_path, 3, backend="containers"))


def test_a_side_that_is_no_set_is_refused(tmp_path: Path) -> None:
    """Of two scenarios, with one that was aborted, or with the same run twice."""
    here = runs(tmp_path, 3)
    for odd, why in (
        (made_up(tmp_path, scenario=BEFORE), "differ in scenario"),
        (made_up(tmp_path, aborted=True), "was aborted"),
        (here[0], "named twice"),
    ):
        with pytest.raises(BadParameter, match=why):
            compare_table([*here, odd], here)


def test_another_schema_and_a_damaged_folder_are_told_by_their_run(tmp_path: Path) -> None:
    """One sentence with the remedy."""
    here = runs(tmp_path, 3)
    other = made_up(tmp_path, schema=99)
    with pytest.raises(ResultUnreadable, match=f"{other.run_id} has schema 99"):
        compare_table(here, [other])
    damaged = made_up(tmp_path)
    (damaged.folder / "run.json").write_text("{")
    with pytest.raises(ResultUnreadable, match=f"{damaged.run_id} cannot be read"):
        compare_table(here, [Result(damaged.folder)])
