"""The `eureke` command: errors with their remedy, never a bare traceback."""

import subprocess
import sys

import pytest

from eureke import cli
from eureke.errors import EurekeError


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """The exit code of the command, in this process."""
    monkeypatch.setattr(sys, "argv", ["eureke", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def test_an_error_is_told_with_its_remedy_and_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two lines on standard error, and the code 2."""

    def fail() -> None:
        raise EurekeError("the disk is full", remedy="free 3 GiB")

    monkeypatch.setattr("eureke.programs.install", fail)
    assert run(monkeypatch, "setup") == 2
    assert capsys.readouterr().err == "error: the disk is full\n  remedy: free 3 GiB\n"


def test_control_c_ends_it_quietly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The code is the one that shells know."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("eureke.programs.install", interrupt)
    assert run(monkeypatch, "setup") == 130
    assert capsys.readouterr().err == ""


def test_a_command_that_does_not_exist_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the way to the list of those that do."""
    assert run(monkeypatch, "setpu") == 2
    error = capsys.readouterr().err
    assert "setpu" in error
    assert "--help" in error


def test_the_list_of_commands_loads_nothing_heavy() -> None:
    """`eureke --help` answers at once: each command imports what it needs itself."""
    script = (
        "import sys; sys.argv = ['eureke', '--help']; from eureke import cli\n"
        "try: cli.main()\n"
        "except SystemExit: pass\n"
        "print({'pandas', 'numpy', 'matplotlib', 'jgo', 'aiohttp'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "doctor" in done.stdout
    assert done.stdout.endswith("set()\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("doctor", "--servers", "nowhere.toml"),
        ("up", "--servers", "nowhere.toml"),
        ("run", "07-hourly-million", "--servers", "nowhere.toml"),
        ("bench", "nowhere.toml"),
    ],
)
def test_a_file_that_is_not_there_is_told_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    """By its name, with a remedy."""
    assert run(monkeypatch, *arguments) == 2
    error = capsys.readouterr().err
    assert "nowhere.toml" in error
    assert "remedy" in error
