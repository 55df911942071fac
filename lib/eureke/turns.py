"""One at a time: a lock whose holder others wait for, and are told so."""

import fcntl
from collections.abc import Callable
from typing import IO, Any


def take_turn(lock: int | IO[Any], *, waiting: Callable[[], object]) -> None:
    """Locks the file until it is closed; where another has it, that is told first."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        waiting()
        fcntl.flock(lock, fcntl.LOCK_EX)
