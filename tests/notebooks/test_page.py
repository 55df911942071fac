"""The copies that people read: made from a result, and never stale."""

from pathlib import Path

import pytest

from eureke.notebooks import stale

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", sorted(path.stem for path in ROOT.glob("notebooks/*.ipynb")))
def test_the_copy_that_people_read_is_of_todays_notebook(name: str) -> None:
    """A cell that changed since is named here: `make read` after a standard run."""
    assert stale(name) == []


def test_a_changed_cell_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So is one that is gone."""
    name = "07-hourly-million"
    monkeypatch.setenv("EUREKE_HOME", str(tmp_path))
    for folder in ("notebooks", "docs/read"):
        (tmp_path / folder).mkdir(parents=True)
    source = (ROOT / "notebooks" / f"{name}.ipynb").read_text()
    page = (ROOT / "docs" / "read" / f"{name}.md").read_text()
    (tmp_path / "docs" / "read" / f"{name}.md").write_text(page)
    changed = source.replace("million = run.flat_out()", "million = run.flat_out(disturb=None)")
    assert changed != source
    (tmp_path / "notebooks" / f"{name}.ipynb").write_text(changed)
    (line,) = stale(name)
    assert "cell million changed" in line
    (tmp_path / "docs" / "read" / f"{name}.md").write_text("nothing\n")
    assert len(stale(name)) > 20
