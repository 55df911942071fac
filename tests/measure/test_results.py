"""The results store."""

from pathlib import Path

import pytest

from eureke.errors import LoadFailed, ResultUnreadable
from eureke.measure.results import (
    OWNER_VARIABLE,
    Result,
    ResultWriter,
    adopt,
    list_results,
    load_result,
)


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
