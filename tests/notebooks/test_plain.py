"""Chapters in plain Python: the same cells, with no kernel, no papermill and no event loop."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from tests.conftest import quiet

from eureke.learn import PAPERMILL_VARIABLE
from eureke.measure.results import list_results
from eureke.scenario import Scenario
from eureke.stack.stack import Stack

ROOT = Path(__file__).parents[2]
CHAPTERS = ("01-rest", "02-graphql", "03-which-protocol")
SMALL = {"03-which-protocol": "items, times = 500, 3"}
"""Instead of a cell's own values, so that it does not take long."""
PLAIN = """
import json, sys
for chapter in json.load(sys.stdin):
    names = {"__name__": "__main__"}
    for number, source in enumerate(chapter["cells"]):
        exec(compile(source, f"{chapter['name']}, cell {number}", "exec"), names)
assert "ipykernel" not in sys.modules
"""


def cells(name: str) -> list[str]:
    """The code of a chapter, its parameters followed by those of this test."""
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    sources = [str(each.source) for each in notebook.cells if each.cell_type == "code"]
    return [sources[0], 'stack = "warm"', SMALL.get(name, ""), *sources[1:]]


@pytest.fixture
def warm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """A stack that is up, in a folder of the test's own: chapters find it there."""
    (tmp_path / ".cache").symlink_to(ROOT / ".cache")
    monkeypatch.setenv("EUREKE_HOME", str(tmp_path))
    monkeypatch.delenv(PAPERMILL_VARIABLE, raising=False)
    with Stack.start(scenario=Scenario(apis=1), say=quiet) as stack:
        yield stack


@pytest.mark.usefixtures("warm")
def test_every_cell_runs_alike_in_plain_python() -> None:
    """One after the other to the check cell; the result is that of a notebook."""
    given = json.dumps([{"name": name, "cells": cells(name)} for name in CHAPTERS])
    done = subprocess.run(
        [sys.executable, "-c", PLAIN], input=given, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = [each.summary["chapter"] for each in list_results()]
    assert found == list(CHAPTERS)
