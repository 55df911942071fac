"""What killed supervisors left is recognised by more than a process id; the rest is not touched."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from eureke.stack.folder import LOGS_KEPT, PROCESSES, TOKEN_VARIABLE, clean, new_folder

MARK = "its mark"


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process that carries a stack's mark and does nothing."""
    process = subprocess.Popen(["/bin/sleep", "60"], env=os.environ | {TOKEN_VARIABLE: MARK})
    yield process
    process.kill()
    process.wait()


def abandoned(pid: int, *, created_s: float, token: str) -> Path:
    """The folder of a stack whose supervisor was killed; it names one process."""
    folder, lock = new_folder()
    lock.close()
    row = {"pid": pid, "create_time": created_s, "side": "system", "token": token}
    (folder / PROCESSES).write_text(json.dumps({"sleeper": row}))
    return folder


@pytest.mark.parametrize("jitter_s", [-1, 0, 1])
def test_leftover(home: Path, sleeper: subprocess.Popen[bytes], jitter_s: float) -> None:
    """A process with the id, the start and the mark that were written down is ended.

    The start may be off by a second, by which the kernel's boot time moves with the clock.
    """
    created_s = psutil.Process(sleeper.pid).create_time() + jitter_s
    folder = abandoned(sleeper.pid, created_s=created_s, token=MARK)
    assert clean() == [
        f"ended process {sleeper.pid} (sleep) of {folder.name}",
        f"removed the data of {folder.name}",
    ]
    assert sleeper.poll() is not None


@pytest.mark.parametrize(("later_s", "token"), [(100, MARK), (0, "another mark")])
def test_stranger(home: Path, sleeper: subprocess.Popen[bytes], later_s: float, token: str) -> None:
    """A process that only has the id, because ids are used again, is left alone."""
    created_s = psutil.Process(sleeper.pid).create_time() + later_s
    folder = abandoned(sleeper.pid, created_s=created_s, token=token)
    assert clean() == [f"removed the data of {folder.name}"]
    assert sleeper.poll() is None


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"a": 1}', '{"a": {"pid": -4}}'])
def test_damaged_list_of_processes(home: Path, content: str) -> None:
    """A list of processes that cannot be read does not stand in the way of cleaning."""
    folder, lock = new_folder()
    lock.close()
    (folder / PROCESSES).write_text(content)
    assert clean() == [f"removed the data of {folder.name}"]


def test_in_use(home: Path) -> None:
    """A folder whose lock is held is not cleaned, even before anybody answers there."""
    folder, lock = new_folder()
    assert clean() == []
    assert (folder / "data").is_dir()
    lock.close()
    assert clean() == [f"removed the data of {folder.name}"]


def test_logs_kept(home: Path) -> None:
    """The newest logs are kept, older ones go."""
    folders = [home / "run" / f"20260101-0000{number:02}-abcd" for number in range(LOGS_KEPT + 2)]
    for folder in folders:
        (folder / "logs").mkdir(parents=True)
    clean()
    assert [folder.exists() for folder in folders] == [False] * 2 + [True] * LOGS_KEPT


def test_foreign_files(home: Path) -> None:
    """What else lies among the run folders, links included, was not made here and stays."""
    (home / "run" / "mine").mkdir(parents=True)
    (home / "run" / "mine" / "thesis.txt").write_text("years of work")
    (home / "run" / "20260101-000000-abcd").symlink_to(home / "run" / "mine")
    clean()
    assert (home / "run" / "mine" / "thesis.txt").read_text() == "years of work"
