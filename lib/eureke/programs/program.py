"""A program, and the cache of those that were fetched."""

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from eureke.errors import ProgramMissing
from eureke.places import home

Say = Callable[[str], None]


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


def sha256(path: Path) -> str:
    """The file's SHA-256, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def locked() -> Iterator[None]:
    """Lets one set-up at a time write into the cache; a second one waits."""
    try:
        cache().mkdir(parents=True, exist_ok=True)
        lock = (cache() / ".lock").open("w")
    except OSError as error:
        raise ProgramMissing(
            f"the cache {cache()} cannot be written: {error}",
            remedy="make it writable, or set EUREKE_CACHE to a folder that is",
        ) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
