"""Commands that compare what was measured: from folders of results, by their exit codes."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from tests.made_up import made_up, runs
from tests.test_cli import run

from eureke.measure.results import Result, store
from eureke.scenario import Scenario

Command = Callable[..., int]


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The store of results, in a folder of the test's own."""
    monkeypatch.setenv("EUREKE_HOME", str(tmp_path))
    return store()


@pytest.fixture
def eureke(results: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command, in this process; gives its exit code."""
    return lambda *arguments: run(monkeypatch, *map(str, arguments))


def named(found: list[Result]) -> list[str]:
    return [each.run_id for each in found]


def test_a_reference_is_made_and_judges_what_comes_after(
    results: Path, eureke: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    """The shell knows the verdict by the exit code, a reader by the word and its reason."""
    assert eureke("reference", *named(runs(results, 9))) == 0
    words = {"REPRODUCED": (0, 1.0), "NOT REPRODUCED": (1, 1.5), "CANNOT TELL": (3, 1.0)}
    for word, (code, slower) in words.items():
        few = word == "CANNOT TELL"
        judged = runs(results, 4 if few else 5, seed=2, slower=slower)
        capsys.readouterr()
        assert eureke("verify", "--against", "made-up", *named(judged)) == code
        assert capsys.readouterr().out.startswith(f"{word}: ")
    assert eureke("reference", *named(runs(results, 5))) == 2
    assert "there is a reference made-up.json already" in capsys.readouterr().err


def test_two_sets_of_runs_are_compared(
    results: Path, eureke: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    """Commas between the runs of a side, with or without a blank."""
    first, second = (named(runs(results, 3, slower=slower)) for slower in (1.0, 2.0))
    assert eureke("compare", ",".join(first), ", ".join(second)) == 0
    assert "3 runs against 3." in capsys.readouterr().out


@pytest.mark.parametrize("side", ["", ",", "{},", " "])
def test_a_side_without_a_run_is_not_the_newest_one(
    results: Path, eureke: Command, capsys: pytest.CaptureFixture[str], side: str
) -> None:
    """A comma too many compares nothing with anything."""
    (one,) = named(runs(results, 1))
    assert eureke("compare", one, side.format(one)) == 2
    assert "names no run" in capsys.readouterr().err


def test_the_trend_is_of_runs_that_are_like_the_newest(
    results: Path, eureke: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    """Smaller ones bear the same name, and would be a slump."""
    for _ in range(4):
        runs(results, 1)
        made_up(results, scenario=Scenario(name="made-up", count=20_000))
    made_up(results, aborted=True, throughput_per_s=None)
    runs(results, 1)
    assert eureke("trend", "made-up") == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        f"5 runs: {results / 'trend-made-up.svg'}; left out: 4 of other size, settings, machine "
        "or backend"
    )
    assert (results / "trend-made-up.svg").read_text().startswith("<?xml")


def test_a_scenario_without_results_offers_those_that_have(
    results: Path, eureke: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    """And before there are any, the command that makes one."""
    assert eureke("trend", "hourly-billion") == 2
    assert "make bench" in capsys.readouterr().err
    runs(results, 1)
    assert eureke("trend", "hourly-billion") == 2
    assert "one of: made-up" in capsys.readouterr().err


def test_all_summaries_as_csv(
    results: Path, eureke: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A row for each run that can be read; a damaged one is in the list all the same."""
    made = runs(results, 3, receipt_ms={"p50": 3.5, "p99": 17.0})
    damaged, *_ = runs(results, 1)
    (damaged.folder / "summary.json").write_text("{")
    assert eureke("results", "--csv", tmp_path / "all.csv") == 0
    assert "unreadable" in capsys.readouterr().out
    table = pd.read_csv(tmp_path / "all.csv")
    assert list(table["floor_ratio"]) == [each.summary["floor_ratio"] for each in made]
    assert set(table["receipt_ms.p99"]) == {17.0}
    assert set(table["scenario.count"]) == {500_000}
    assert set(table["commit"]) == {"0123456789abcdef"}


@pytest.mark.parametrize("arguments", [("results", "--csv"), ("trend", "made-up", "--out")])
def test_where_nothing_can_be_written_it_is_said(
    results: Path, eureke: Command, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    """One sentence with the remedy."""
    runs(results, 1)
    assert eureke(*arguments, results / "nowhere" / "out") == 2
    error = capsys.readouterr().err
    assert "cannot be written: No such file or directory" in error
    assert "remedy" in error


SCENARIO = "count = 20000\nbatch_max = 50\n"
Bad = tuple[str, tuple[str, ...], str, str]
BAD: list[Bad] = [
    ("count = 20000\nbach_max = 5\n", (), "no parameter 'bach_max'", "did you mean 'batch_max'"),
    ('count = "many"\n', (), "the scenario cannot be read", "eureke scenario"),
    (SCENARIO, ("--sweep", "bach_max=1"), "no parameter 'bach_max'", "did you mean 'batch_max'"),
    (SCENARIO, ("--sweep", "batch_max="), "has no values", "--sweep batch_max=1,50,500"),
    (SCENARIO, ("--sweep", "batch_max"), "has no values", "--sweep batch_max=1,50,500"),
    (SCENARIO, ("--sweep", "batch_max=1,many"), "cannot be read", "as 50 is one"),
    (SCENARIO, ("--sweep", "batch_max=1,0"), "batch_max is 0", "at least 1"),
    (SCENARIO, ("--sweep", "batch_max=1,1"), "a value twice", "once"),
    (SCENARIO, ("--sweep", "entrance=kafka,door"), "entrance is 'door'", "one of: kafka, api"),
    (
        SCENARIO,
        ("--sweep", "workers=1,2", "--backend", "processes", "--backend", "containers"),
        "a sweep is of one backend",
        "--backend once",
    ),
]


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_experiment_is_one_sentence_before_anything_starts(
    eureke: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str], bad: Bad
) -> None:
    """With the remedy; no stack comes up and nothing is written."""
    text, options, what, remedy = bad
    file = tmp_path / "experiment.toml"
    file.write_text(text)
    assert eureke("bench", file, *options) == 2
    told = capsys.readouterr()
    assert what in told.err
    assert remedy in told.err
    assert told.out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["experiment.toml"]
