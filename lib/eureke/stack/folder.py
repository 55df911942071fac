"""The run folder: what a stack keeps on disk, and what killed ones left behind."""

import contextlib
import fcntl
import re
import secrets
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Annotated, Final

import msgspec
import psutil

from eureke.errors import ServiceFailed
from eureke.places import home

SOCKET: Final = "supervisor.sock"
PROCESSES: Final = "processes.json"
SETTINGS_INSIDE: Final = "settings.json"
"""In the shared folder: the same settings with the addresses that containers know."""
TOKEN_VARIABLE: Final = "EUREKE_STACK"  # noqa: S105  a mark that tells our processes from others
FOLDERS: Final = ("logs", "data", "shared", "shared/ready", "shared/work", "shared/metrics")
LOGS_KEPT: Final = 10
# Boot time, to which psutil adds a process's age, is in whole seconds and moves with the clock.
_SAME_START_S: Final = 2.0
_LOCK: Final = "lock"
_NAME: Final = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}")


def runs() -> Path:
    """The folder of all run folders."""
    return home() / "run"


def new_folder() -> tuple[Path, IO[bytes]]:
    """A run folder that only its owner can enter, and the lock that says it is in use.

    Raises:
        ServiceFailed: the folder cannot be made.
    """
    name = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    folder = runs() / name
    try:
        with _alone():
            for each in (folder, *(folder / name for name in FOLDERS)):
                each.mkdir(mode=0o700)
            lock = (folder / _LOCK).open("wb")
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise unwritable(error) from error
    return folder, lock


def shared(folder: Path) -> Path:
    """The part of a run folder that containers see too."""
    return folder / "shared"


def open_to_containers(folder: Path) -> None:
    """Lets a container's user write into the shared folder; nobody gets past the run folder."""
    for each in (shared(folder), *shared(folder).iterdir()):
        each.chmod(0o777)


def in_use(folder: Path) -> bool:
    """Whether a supervisor holds the folder; the kernel knows, however the supervisor fares."""
    try:
        lock = (folder / _LOCK).open("rb")
    except FileNotFoundError:
        return False
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def newest() -> Path:
    """The newest stack that is up.

    Raises:
        ServiceFailed: there is none.
    """
    for folder in reversed(_all()):
        if (folder / SOCKET).exists() and in_use(folder):
            return folder
    raise ServiceFailed("no stack is up", remedy="start one: `eureke up`")


def clean() -> list[str]:
    """Ends and removes what killed supervisors left; says what it did, a line each.

    Raises:
        ServiceFailed: the folder of the run folders cannot be written.
    """
    done = []
    try:
        with _alone():
            for folder in _all():
                if not in_use(folder):
                    done += sweep(folder)
            for old in _all()[:-LOGS_KEPT]:
                if not in_use(old):
                    shutil.rmtree(old)
    except OSError as error:
        raise unwritable(error) from error
    return done


def sweep(folder: Path) -> list[str]:
    """Ends what a killed supervisor left of one stack and removes its data; says what it did."""
    done = []
    for process in _leftovers(folder):
        with contextlib.suppress(psutil.Error):
            done.append(f"ended process {process.pid} ({process.name()}) of {folder.name}")
            process.kill()
            process.wait(5)
    if remove_data(folder):
        done.append(f"removed the data of {folder.name}")
    return done


def remove_data(folder: Path) -> bool:
    """Removes all that a stack kept but its logs; whether there was anything."""
    data = [path for path in folder.iterdir() if path.name != "logs"] if folder.exists() else []
    # The lock goes last: without it the rest is taken for left behind, by somebody else too.
    for path in sorted(data, key=lambda each: each.name == _LOCK):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    return bool(data)


def unwritable(error: OSError) -> ServiceFailed:
    """The error for a run folder that cannot be written, a full disk included."""
    return ServiceFailed(
        f"the run folders in {runs()} cannot be written: {error}",
        remedy="make it writable, free some room on its disk, or set EUREKE_HOME to another",
    )


def _all() -> list[Path]:
    """All run folders, the oldest first; what else lies there is not ours to touch."""
    return sorted(
        path
        for path in runs().glob("*")
        if _NAME.fullmatch(path.name) and path.is_dir() and not path.is_symlink()
    )


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    # A folder that is being made is not yet locked: nobody may clean meanwhile.
    runs().mkdir(mode=0o700, parents=True, exist_ok=True)
    with (runs() / ".lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class _Row(msgspec.Struct, frozen=True):
    pid: Annotated[int, msgspec.Meta(ge=1)]
    create_time: float
    token: str


def _leftovers(folder: Path) -> Iterator[psutil.Process]:
    """Processes that are ours by more than their id: started when, and with which token."""
    try:
        rows = msgspec.json.decode((folder / PROCESSES).read_bytes(), type=dict[str, _Row])
    except (OSError, msgspec.MsgspecError):
        return
    for row in rows.values():
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(row.pid)
            same = abs(process.create_time() - row.create_time) < _SAME_START_S
            if same and process.environ().get(TOKEN_VARIABLE) == row.token:
                yield process
