"""The run folder: what a stack keeps on disk, and what killed ones left behind."""

import contextlib
import os
import secrets
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import psutil

from eureke.errors import ServiceFailed
from eureke.places import home
from eureke.stack.control import ask
from eureke.stack.supervisor import PROCESSES, TOKEN_VARIABLE

LOGS_KEPT = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What another process needs to use a stack: kept in the run folder, readable by its owner."""

    token: str
    cluster_id: str
    ports: dict[str, int]
    passwords: dict[str, str]
    dispatchers: int
    workers: int
    application: bool

    def write(self, folder: Path) -> None:
        """Writes the state into the run folder."""
        path = folder / "stack.json"
        path.touch(mode=0o600, exist_ok=True)
        path.write_bytes(msgspec.json.encode(self))


def read_state(folder: Path) -> State:
    """The state in a run folder.

    Raises:
        ServiceFailed: there is none that can be read.
    """
    try:
        return msgspec.json.decode((folder / "stack.json").read_bytes(), type=State)
    except (OSError, msgspec.MsgspecError) as error:
        raise ServiceFailed(
            f"{folder} is not the folder of a stack: {error}", remedy="start one: `eureke up`"
        ) from error


def new_folder() -> Path:
    """A run folder that only its owner can enter."""
    name = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    folder = runs() / name
    try:
        for each in (folder, folder / "logs", folder / "ready", folder / "data"):
            each.mkdir(mode=0o700, parents=True)
    except OSError as error:
        raise ServiceFailed(
            f"the run folder {folder} cannot be made: {error}",
            remedy="make its parent writable, or set EUREKE_HOME to a folder that is",
        ) from error
    return folder


def runs() -> Path:
    """The folder of all run folders."""
    return home() / "run"


def newest() -> Path:
    """The newest stack that answers.

    Raises:
        ServiceFailed: none does.
    """
    for folder in sorted(runs().glob("*/stack.json"), reverse=True):
        if answers(folder.parent):
            return folder.parent
    raise ServiceFailed("no stack is up", remedy="start one: `eureke up`")


def answers(folder: Path) -> bool:
    """Whether somebody supervises the folder."""
    try:
        ask(folder, "status", timeout_s=5)
    except ServiceFailed:
        return False
    return True


def clean(*, keep: Path | None = None) -> list[str]:
    """Ends and removes what killed supervisors left; says what it did, a line each."""
    done = []
    for folder in sorted(path for path in runs().glob("*") if path.is_dir()):
        if folder == keep or answers(folder):
            continue
        for process in _leftovers(folder):
            with contextlib.suppress(psutil.NoSuchProcess):
                done.append(f"ended process {process.pid} ({process.name()}) of {folder.name}")
                process.send_signal(signal.SIGKILL)
                process.wait(5)
        if (folder / "data").exists():
            remove_data(folder)
            done.append(f"removed the data of {folder.name}")
    for old in sorted(path for path in runs().glob("*") if path.is_dir())[:-LOGS_KEPT]:
        if old != keep and not answers(old):
            shutil.rmtree(old)
            done.append(f"removed the logs of {old.name}")
    return done


def remove_data(folder: Path) -> None:
    """Removes all that a stack kept but its logs."""
    for path in folder.iterdir():
        if path.name == "logs":
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _leftovers(folder: Path) -> Iterator[psutil.Process]:
    """Processes that are ours by more than their id: started when, and with which token."""
    try:
        rows = msgspec.json.decode((folder / PROCESSES).read_bytes())
    except (OSError, msgspec.MsgspecError):
        return
    for row in rows.values():
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(row["pid"])
            same = abs(process.create_time() - row["create_time"]) < 0.1
            if same and process.environ().get(TOKEN_VARIABLE) == row["token"]:
                yield process


def fresh_token() -> str:
    """A mark or password that nobody can guess."""
    return secrets.token_urlsafe(24)


def owner_environment(token: str) -> dict[str, str]:
    """The environment of a supervisor."""
    return dict(os.environ) | {TOKEN_VARIABLE: token}
