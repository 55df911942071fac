"""A service that stands still for a while, in the middle of a load."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from eureke.comparison import taken
from eureke.stack.stack import Stack

LOOK_S: Final = 0.05


@dataclass(slots=True)
class Pause:
    """When something stood still, by the monotonic clock."""

    begin_ns: int = 0
    end_ns: int = 0


@contextmanager
def standing_still(
    stack: Stack, name: str, *, once: Callable[[], bool], lasts_s: float
) -> Iterator[Pause]:
    """A service that is frozen for a while, as soon as something is so within the block."""
    pause, over = Pause(), threading.Event()

    def freeze() -> None:
        while not once():
            if over.wait(LOOK_S):
                return
        stack.pause(name)
        pause.begin_ns = time.monotonic_ns()
        over.wait(lasts_s)
        stack.resume(name)
        pause.end_ns = time.monotonic_ns()

    thread = threading.Thread(target=freeze)
    thread.start()
    try:
        yield pause
    finally:
        over.set()
        thread.join()


def once_taken(stack: Stack, count: int) -> Callable[[], bool]:
    """Whether the provider has seen so many more than when this was called."""
    before = taken(stack.settings)
    return lambda: taken(stack.settings) - before >= count
