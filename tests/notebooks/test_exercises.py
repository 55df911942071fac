"""Exercises: right answers are right, wrong ones are shown a case, none is no failure."""

import ast
from pathlib import Path
from typing import Any

import nbformat
import pytest
from tests.notebooks.solutions import graphql, latency, monitoring, protocol, rest, scaling, start

from eureke import learn
from eureke.errors import BadParameter
from eureke.learn.exercise import CHAPTERS

ROOT = Path(__file__).parents[2]
SOLUTIONS: dict[str, Any] = {
    "00-start-here": start,
    "01-rest": rest,
    "02-graphql": graphql,
    "03-which-protocol": protocol,
    "08-latency": latency,
    "09-scaling": scaling,
    "10-monitoring": monitoring,
}
RIGHT = [
    (f"{chapter}/{name}", answer)
    for chapter, module in SOLUTIONS.items()
    for name, answer in module.RIGHT.items()
]
WRONG = [
    (f"{chapter}/{name}", answer)
    for chapter, module in SOLUTIONS.items()
    for name, answer in module.WRONG
]


@pytest.mark.parametrize(("name", "answer"), RIGHT, ids=[name for name, _ in RIGHT])
def test_a_right_answer(name: str, answer: Any) -> None:
    """Tried out, it does what it should."""
    assert learn.exercise(name, answer).right, learn.exercise(name, answer)


@pytest.mark.parametrize(("name", "answer"), WRONG, ids=[name for name, _ in WRONG])
def test_a_wrong_answer(name: str, answer: Any) -> None:
    """Is told by a case, and never by a traceback."""
    judged = learn.exercise(name, answer)
    assert not judged.right
    assert str(judged).startswith(f"{name}: not yet. ")
    assert len(str(judged)) > len(name) + 20


@pytest.mark.parametrize("name", [name for name, _ in RIGHT])
def test_no_answer_is_no_failure(name: str) -> None:
    """It gets a hint; the next ones say more, and there is always one."""
    judged = learn.exercise(name, None)
    assert not judged.right
    assert "not answered yet" in str(judged)
    assert learn.hint(name) in str(judged)
    assert learn.hint(name, 2) != learn.hint(name)
    assert learn.hint(name, 99) == learn.hint(name, 98)


def test_an_exercise_that_is_not_there() -> None:
    """The names of those that are."""
    with pytest.raises(BadParameter, match="99-nothing"):
        learn.exercise("99-nothing/x", None)
    with pytest.raises(BadParameter) as caught:
        learn.exercise("01-rest/x", None)
    assert "backoff" in caught.value.remedy


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_exercise_has_an_answer_here_and_a_place_in_its_notebook(chapter: str) -> None:
    """The notebook asks, and does not tell."""
    known = set(SOLUTIONS[chapter].RIGHT)
    notebook = nbformat.read(ROOT / f"notebooks/{chapter}.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    (cell,) = [source for source in code if "learn.exercise(" in source]
    named = {node.value for node in ast.walk(ast.parse(cell)) if isinstance(node, ast.Constant)}
    assert known <= named
    assert sum(line.split("#")[0].strip().endswith("= None") for line in cell.splitlines()) == len(
        known
    )
