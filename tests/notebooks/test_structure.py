"""The form every notebook keeps."""

import ast
from pathlib import Path
from typing import Any

import nbformat
import pytest

import eureke

ROOT = Path(__file__).parents[2]
TAUGHT = {
    *("gql", "gql.transport.exceptions", "gql.transport.requests", "requests"),
    *("hdrh.histogram", "pandas", "time"),
}
NOTEBOOKS = sorted(ROOT.glob("notebooks/*.ipynb"))


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


def code(path: Path) -> list[Any]:
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def test_there_are_notebooks() -> None:
    """Else the tests below would pass over nothing."""
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_parameters_are_typed_literals_with_a_comment_each(path: Path) -> None:
    """One cell of them, so that papermill and readers find all in one place."""
    (cell,) = [each for each in code(path) if "parameters" in each.metadata.get("tags", [])]
    lines = cell.source.splitlines()
    statements = ast.parse(cell.source).body
    assert len(statements) == len(lines)
    for statement, line in zip(statements, lines, strict=True):
        assert isinstance(statement, ast.AnnAssign), line
        assert statement.value is not None
        ast.literal_eval(statement.value)
        assert "  # " in line


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_cells_are_few_and_short(path: Path) -> None:
    """Never a wall of code; no classes, no shell, no functions."""
    cells = code(path)
    assert 12 <= len(cells) <= 25
    for cell in cells:
        assert len(cell.source.splitlines()) <= 20
        for node in ast.walk(ast.parse(cell.source)):
            assert not isinstance(node, (ast.ClassDef, ast.FunctionDef)), cell.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_begins_with_a_question_and_ends_with_a_check(path: Path) -> None:
    """The title cell asks; the last code cell asserts."""
    first = read(path).cells[0]
    assert first.source.startswith("# ")
    assert "?" in first.source
    assert any(isinstance(each, ast.Assert) for each in ast.parse(code(path)[-1].source).body)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_only_public_names_are_imported_in_one_cell(path: Path) -> None:
    """What a notebook uses is in eureke.__all__, or what it teaches."""
    importing = []
    for cell in code(path):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.ImportFrom):
                importing.append(cell.id)
                assert node.module in {"eureke", *TAUGHT}
                if node.module == "eureke":
                    assert {name.name for name in node.names} <= set(eureke.__all__)
            elif isinstance(node, ast.Import):
                importing.append(cell.id)
                assert {name.name for name in node.names} <= TAUGHT
    assert len(set(importing)) == 1
