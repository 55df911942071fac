"""The results store."""

from pathlib import Path

import pytest
from tests.made_up import made_up

from eureke.errors import LoadFailed, ResultUnreadable
from eureke.measure.results import (
    OWNER_VARIABLE,
    Result,
    ResultWriter,
    adopt,
    list_results,
    load_result,
    of_scenario,
    sets,
)
from eureke.scenario import Scenario


def written(root: Path) -> Result:
    writer = ResultWriter(root)
    writer.write_json("summary.json", {"aborted": False})
    return writer.close()


def test_a_result_has_no_name_before_it_is_whole(tmp_path: Path) -> None:
    """A run that is killed leaves nothing that looks like a result."""
    writer = ResultWriter(tmp_path)
    writer.write_json("summary.json", {})
    assert list_results(tmp_path) == []
    result = writer.close()
    assert [each.run_id for each in list_results(tmp_path)] == [result.run_id]
    assert load_result("", tmp_path).run_id == result.run_id


@pytest.mark.parametrize("run_id", ["../../etc", "20261125-112058-zzzz", "nonsense"])
def test_a_run_id_that_is_none_reads_nothing(tmp_path: Path, run_id: str) -> None:
    """Whatever it points at."""
    written(tmp_path)
    with pytest.raises(ResultUnreadable, match="there is no result"):
        load_result(run_id, tmp_path)


def test_a_damaged_summary_and_one_of_another_schema_are_told_apart(tmp_path: Path) -> None:
    """Each with its remedy."""
    result = written(tmp_path)
    summary = result.folder / "summary.json"
    good = summary.read_text()
    summary.write_text(good[:-9])
    with pytest.raises(ResultUnreadable, match="cannot be read"):
        load_result(result.run_id, tmp_path)
    summary.write_text(good.replace('"schema": 1', '"schema": 99'))
    with pytest.raises(ResultUnreadable, match="schema 99"):
        load_result(result.run_id, tmp_path)


def test_a_folder_that_cannot_be_written_is_said_before_anything_runs(tmp_path: Path) -> None:
    """Here: a file is in its way."""
    (tmp_path / "results").write_text("not a folder")
    with pytest.raises(LoadFailed, match="cannot be written"):
        ResultWriter(tmp_path / "results")


def test_of_two_runs_at_once_each_finds_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is cut off; the other's folder stays untouched."""
    monkeypatch.setenv(OWNER_VARIABLE, "mine")
    mine = ResultWriter(tmp_path)
    monkeypatch.setenv(OWNER_VARIABLE, "yours")
    yours = ResultWriter(tmp_path)
    adopted = adopt("mine", reason="stopped by hand", root=tmp_path)
    assert adopted is not None
    assert adopted.run_id == mine.run_id
    assert adopted.summary["abort_reason"] == "stopped by hand"
    assert yours.folder.exists()
    assert adopt("nobody", root=tmp_path) is None


def test_bytes_that_are_no_text_and_tables_that_are_none_are_damage_like_any_other(
    tmp_path: Path,
) -> None:
    """A reader of results never sees a decoder's own error."""
    result = written(tmp_path)
    (result.folder / "run.json").write_bytes(b'{"schema": "\xff"}')
    (result.folder / "timeline.parquet").write_bytes(b"no parquet")
    with pytest.raises(ResultUnreadable, match=r"run\.json .* cannot be read"):
        _ = result.run
    with pytest.raises(ResultUnreadable, match=r"timeline\.parquet .* cannot be read"):
        _ = result.timeline


def test_the_results_of_a_scenario_are_those_that_were_measured_to_the_end(tmp_path: Path) -> None:
    """The oldest first; chapters, aborted and damaged ones are none of them."""
    first, second = made_up(tmp_path), made_up(tmp_path)
    made_up(tmp_path, scenario=Scenario(name="another"))
    made_up(tmp_path, aborted=True)
    made_up(tmp_path, throughput_per_s=None)
    for name in ("run.json", "summary.json"):
        (made_up(tmp_path).folder / name).write_text("{")
    chapter = ResultWriter(tmp_path)
    chapter.write_json("summary.json", {"chapter": "01-rest"})
    chapter.close()
    assert of_scenario("made-up", tmp_path) == [first, second]
    with pytest.raises(ResultUnreadable, match="no result of the scenario 'mad-up'") as raised:
        of_scenario("mad-up", tmp_path)
    assert raised.value.remedy == "one of: another, made-up"


def test_results_are_put_together_with_what_is_like_them(tmp_path: Path) -> None:
    """Scenario, machine and backend; a name that older runs did not know changes nothing."""
    one = made_up(tmp_path)
    others = [
        made_up(tmp_path, scenario=Scenario(name="made-up", count=20_000)),
        made_up(tmp_path, machine={"cores_usable": 4.0}),
        made_up(tmp_path, backend="containers"),
    ]
    older = made_up(tmp_path)
    run = (older.folder / "run.json").read_text()
    assert '"scrape_interval_s": 2.0, ' in run
    (older.folder / "run.json").write_text(run.replace('"scrape_interval_s": 2.0, ', ""))
    later = made_up(tmp_path, machine={"commit": "fedcba"})
    assert sets([one, *others, older, later]) == [[one, older, later], *([each] for each in others)]
