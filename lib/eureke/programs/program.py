"""A program of somebody else's, and the cache of those that were fetched."""

import hashlib
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from eureke.errors import ProgramMissing
from eureke.places import home
from eureke.turns import take_turn

Say = Callable[[str], None]
TRIES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """An executable of somebody else's, and where it came from."""

    path: Path
    version: str
    origin: str
    environment: dict[str, str] = field(default_factory=dict)


def cache() -> Path:
    """The folder of fetched programs: in the checkout, or where EUREKE_CACHE says."""
    given = os.environ.get("EUREKE_CACHE")
    return Path(given) if given else home() / ".cache" / "programs"


def tell(line: str) -> None:
    """Prints a line at once, also into a log."""
    print(line, flush=True)


def sha256(path: Path) -> str:
    """The file's SHA-256, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def ask_version(
    path: Path, *options: str, pattern: str, environment: Mapping[str, str] | None = None
) -> str:
    """The version that a program says it has; empty where it does not run or says none."""
    try:
        done = subprocess.run(
            [path, *options],
            env=None if environment is None else {**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(pattern, done.stdout + done.stderr)
    return found.group(1) if found and done.returncode == 0 else ""


def at_least(version: str, needed: tuple[int, ...]) -> bool:
    """Whether a version such as `7.0.15` is that or newer; an empty one is not."""
    return tuple(int(part) for part in re.findall(r"\d+", version)) >= needed


def retried(action: Callable[[], None], *, say: Say, pause_s: float = 1.0) -> None:
    """Does what may fail for a while, a few times; the last failure is the caller's."""
    for attempt in range(1, TRIES):
        try:
            return action()
        except ProgramMissing as error:
            say(f"{error.what}\n  trying again ({attempt} of {TRIES - 1})")
            time.sleep(pause_s * attempt)
    return action()


@contextmanager
def locked(say: Say = tell) -> Iterator[None]:
    """Lets one set-up at a time write into the cache; a second one says so and waits."""
    try:
        cache().mkdir(parents=True, exist_ok=True)
        lock = (cache() / ".lock").open("w")
    except OSError as error:
        raise ProgramMissing(
            f"the cache {cache()} cannot be written: {error}",
            remedy="make it writable, or set EUREKE_CACHE to a folder that is",
        ) from error
    with lock:
        words = "another set-up is at work in this checkout: waiting for it"
        take_turn(lock, waiting=lambda: say(words))
        yield
