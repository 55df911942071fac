"""CLAIMS.md: each command is one, and each file it names is there."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from eureke.cli import app

ROOT = Path(__file__).parents[1]
ROW = re.compile(r"^\| (.+?) \| `(.+?)` \| ([\d to]+) \| ([\d.]+) \| (.+?) \|$", re.MULTILINE)
ROWS = ROW.findall((ROOT / "CLAIMS.md").read_text())
COMMANDS = [command for _, command, *_ in ROWS]


def test_every_row_has_a_command_its_minutes_its_memory_and_when_it_holds() -> None:
    """A row that is written in another way would not be looked at."""
    rows = [line for line in (ROOT / "CLAIMS.md").read_text().splitlines() if line[:2] == "| "]
    assert len(ROWS) == len(rows) - 1 > 10, "all but the head"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_claim_s_command_exists_with_its_options_and_files(command: str) -> None:
    """Parsed as it would be typed; nothing is run."""
    program, *words = shlex.split(command)
    if program == "make":
        targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert words[0] in targets
        assert all(word.partition("=")[0] in ("PROFILE", "ARGUMENTS") for word in words[1:])
    else:
        assert program == "eureke"
        commands: Any = typer.main.get_command(app)
        commands.commands[words[0]].make_context(words[0], words[1:])
    for path in re.findall(r"(?:benchmarks|tests)/[\w./-]+", command):
        assert (ROOT / path).exists(), path
    for notebook in re.findall(r"\d\d-[a-z-]+", command):
        assert (ROOT / "notebooks" / f"{notebook}.ipynb").exists()


def test_what_a_claim_points_at_is_there() -> None:
    """Tables and reference results."""
    for path in re.findall(r"\]\((\S+?)\)", (ROOT / "CLAIMS.md").read_text()):
        assert (ROOT / path).exists(), path


def test_each_command_of_the_readme_that_measures_is_a_claim_s() -> None:
    """A new benchmark that the README names has to come with its row."""
    readme = (ROOT / "README.md").read_text()
    scenarios = set(re.findall(r"benchmarks/[\w-]+\.(?:toml|md)", readme))
    claimed = (ROOT / "CLAIMS.md").read_text()
    assert [each for each in sorted(scenarios) if each not in claimed] == []
