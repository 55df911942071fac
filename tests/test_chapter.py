"""A chapter's result: tables by name, facts at the end, and a place among all results."""

from pathlib import Path

import pytest

from eureke.chapter import Chapter
from eureke.errors import ResultUnreadable
from eureke.measure.results import list_results
from eureke.measure.summary import result_line, summary_table
from eureke.notebooks import newest
from eureke.stack.stack import Stack


def test_a_chapter_keeps_tables_and_closes_with_what_it_found(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Readable as a result while it is made, and afterwards."""
    monkeypatch.setenv("EUREKE_HOME", str(tmp_path))
    chapter = Chapter("01-rest", stack)
    kept = chapter.keep("seen", [{"a": 1}, {"a": 2}])
    assert chapter.result.table("seen").equals(kept)
    again = chapter.keep("seen", kept.assign(a=[3, 4]))
    assert chapter.result.table("seen").equals(again)
    assert list_results() == []
    result = chapter.close(told={"x": 1})
    assert result.run["backend"] == "processes"
    assert result.summary["found"] == {"told": {"x": 1}}
    assert list_results() == [result]
    assert result_line(result) == f"{result.run_id}  chapter 01-rest"
    assert "told: {'x': 1}" in summary_table(result.summary)


def test_a_notebooks_newest_result_is_of_that_notebook(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others may be newer."""
    monkeypatch.setenv("EUREKE_HOME", str(tmp_path))
    with pytest.raises(ResultUnreadable, match="02-graphql"):
        newest("02-graphql")
    one = Chapter("02-graphql", stack).close()
    (one.folder / "02-graphql.ipynb").write_text("{}")
    Chapter("01-rest", stack).close()
    assert newest("02-graphql") == one
