"""Style, layers, types and clean notebooks, by the tools of the lock."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOOLS = Path(sys.executable).parent
SOURCES = ("lib", "tests", "bootstrap.py")


def check(tool: str, *arguments: str) -> None:
    """Runs the tool; where it objects, its words are the failure."""
    command = [str(TOOLS / tool), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(f"{tool} {' '.join(arguments)}\n{done.stdout}{done.stderr}", pytrace=False)


def notebooks() -> list[str]:
    """The notebooks' sources."""
    return [str(path.relative_to(ROOT)) for path in sorted(ROOT.glob("notebooks/*.ipynb"))]


def test_style() -> None:
    """ruff, with the reasons of each exception in pyproject.toml."""
    check("ruff", "check", *SOURCES, *notebooks())


def test_format() -> None:
    """One format, made by the tool."""
    check("ruff", "format", "--check", *SOURCES, *notebooks())


def test_types() -> None:
    """mypy, strict."""
    check("mypy", *SOURCES)


def test_layers() -> None:
    """Imports point down only; pipeline, world, measure and stack never import each other."""
    check("lint-imports", "--no-cache")


def test_notebooks_carry_no_output() -> None:
    """Sources are stripped; the executed copy is docs/read."""
    extra = "metadata.papermill cell.metadata.papermill metadata.language_info"
    check(
        "nbstripout",
        "--verify",
        "--keep-id",
        "--drop-tagged-cells=injected-parameters",
        "--extra-keys",
        extra,
        *notebooks(),
    )
