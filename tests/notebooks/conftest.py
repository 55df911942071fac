"""A checkout of its own for notebooks that are made to fail."""

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

MakeNotebook = Callable[..., None]


@pytest.fixture
def make_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeNotebook:
    """Writes a notebook of the given cells, the first with the parameters, into a checkout."""
    monkeypatch.setenv("EUREKE_HOME", str(tmp_path))

    def make(name: str, *sources: str) -> None:
        cells = []
        for number, source in enumerate(sources):
            cell = nbformat.v4.new_code_cell(source)  # type: ignore[no-untyped-call]
            cell.id = f"cell-{number}"
            cell.metadata["tags"] = ["parameters"] if number == 0 else []
            cells.append(cell)
        notebook = nbformat.v4.new_notebook(cells=cells)  # type: ignore[no-untyped-call]
        notebook.metadata["kernelspec"] = {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        }
        path = tmp_path / "notebooks" / f"{name}.ipynb"
        path.parent.mkdir(exist_ok=True)
        path.write_text(nbformat.writes(notebook))  # type: ignore[no-untyped-call]

    return make
