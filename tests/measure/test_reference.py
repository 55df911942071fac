"""The reference of a scenario: of which runs it may be made, and how it is read back."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.made_up import MACHINE, made_up, runs

from eureke.errors import BadParameter, ResultUnreadable
from eureke.measure.reference import read_reference, slowness, write_reference
from eureke.measure.results import Result
from eureke.measure.verify import verdict
from eureke.scenario import Scenario

OTHER = Scenario(name="made-up", count=20_000)


def test_what_was_written_is_read_back_and_reproduces_itself(tmp_path: Path) -> None:
    """A folder of its own is made for it."""
    results = runs(tmp_path, 9)
    path = write_reference(results, tmp_path / "reference" / "made-up.json")
    found = read_reference(path)
    assert found.slowness() == [slowness(each.summary) for each in results]
    assert [each["run_id"] for each in found.runs] == [each.run_id for each in results]
    assert (found.backend, found.commit) == ("processes", MACHINE["commit"])
    assert verdict(found, results).word == "REPRODUCED"


def test_it_lies_where_the_repository_keeps_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the name of its scenario."""
    monkeypatch.setenv("EUREKE_HOME", str(tmp_path))
    path = write_reference(runs(tmp_path / "results", 5))
    assert path == tmp_path / "benchmarks" / "reference" / "made-up.json"


def test_one_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    """Whoever means it removes it first."""
    path = write_reference(runs(tmp_path, 5), tmp_path / "reference.json")
    before = path.read_bytes()
    with pytest.raises(BadParameter, match=r"there is a reference reference\.json already"):
        write_reference(runs(tmp_path, 5, slower=2.0), path)
    assert path.read_bytes() == before


Unfit = Callable[[Path], Result]


@pytest.mark.parametrize(
    ("unfit", "why"),
    [
        (lambda root: made_up(root, scenario=OTHER), "differ in scenario: count is 500000 and"),
        (lambda root: made_up(root, machine={"python": "3.13.1"}), "differ in machine: python"),
        (lambda root: made_up(root, backend="containers"), "differ in backend"),
        (lambda root: made_up(root, machine={"commit": "fedcba"}), "of different commits"),
        (lambda root: made_up(root, machine={"dirty": True}), "uncommitted changes"),
        (lambda root: made_up(root, machine={"dirty": None}), "uncommitted changes"),
        (lambda root: made_up(root, accounted=False), "is not accounted for"),
        (lambda root: made_up(root, valid=False), "is not valid"),
        (lambda root: made_up(root, aborted=True), "was aborted"),
    ],
)
def test_one_unfit_run_and_none_is_written(unfit: Unfit, why: str, tmp_path: Path) -> None:
    """It is named, with what is wrong with it."""
    results = [*runs(tmp_path, 5), unfit(tmp_path)]
    with pytest.raises(BadParameter, match=why) as raised:
        write_reference(results, tmp_path / "reference.json")
    assert results[-1].run_id in raised.value.what
    assert raised.value.remedy
    assert not (tmp_path / "reference.json").exists()


def test_too_few_runs_or_one_of_them_twice_make_none(tmp_path: Path) -> None:
    """Nobody could be judged by it."""
    results = runs(tmp_path, 4)
    with pytest.raises(BadParameter, match="4 runs are too few"):
        write_reference(results, tmp_path / "reference.json")
    with pytest.raises(BadParameter, match=f"{results[0].run_id} is named twice"):
        write_reference([*results, results[0]], tmp_path / "reference.json")
    assert not (tmp_path / "reference.json").exists()


def test_runs_that_lie_far_apart_make_none(tmp_path: Path) -> None:
    """Nobody would ever be sure of a difference to them; a single outlier does no harm."""
    with pytest.raises(BadParameter, match="too far apart"):
        write_reference(runs(tmp_path, 9, spread=0.2), tmp_path / "reference.json")
    outlier = runs(tmp_path, 1, slower=2.0)
    write_reference([*runs(tmp_path, 11), *outlier], tmp_path / "reference.json")


def test_one_that_is_missing_or_damaged_or_of_another_schema_is_told_apart(tmp_path: Path) -> None:
    """Each with its remedy, and as it lies there."""
    path = write_reference(runs(tmp_path, 5), tmp_path / "reference.json")
    good = path.read_text()
    damage = {
        "cut off": good[:-9].encode(),
        "no text": b'{"schema": "\xff"}',
        "a list": b"[]",
        "a field less": json.dumps(
            {name: each for name, each in json.loads(good).items() if name != "backend"}
        ).encode(),
        "a number less": good.replace('"wall_s"', '"all_s"').encode(),
    }
    for what, content in damage.items():
        path.write_bytes(content)
        with pytest.raises(ResultUnreadable, match=r"reference\.json cannot be read") as raised:
            read_reference(path)
        assert "git checkout" in raised.value.remedy, what
        assert path.read_bytes() == content
    path.write_text('{"schema": 99, "unheard_of": 1}')
    with pytest.raises(ResultUnreadable, match="has schema 99, this eureke reads 1"):
        read_reference(path)
    with pytest.raises(ResultUnreadable, match=r"away\.json cannot be read"):
        read_reference(tmp_path / "away.json")


def test_a_reference_of_another_scenario_does_not_fit(tmp_path: Path) -> None:
    """Said with the first thing that differs."""
    found = read_reference(write_reference(runs(tmp_path, 5), tmp_path / "reference.json"))
    others = runs(tmp_path, 5, scenario=replace(OTHER, count=500_000, workers=2))
    with pytest.raises(BadParameter, match=r"has workers = 1, .* has 2"):
        verdict(found, others)
