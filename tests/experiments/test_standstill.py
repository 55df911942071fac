"""A service that stands still for a while."""

import threading
from typing import cast

from eureke.experiments.standstill import standing_still
from eureke.stack.stack import Stack


class Frozen:
    """Takes down what is paused and resumed."""

    def __init__(self) -> None:
        self.done: list[tuple[str, str]] = []
        self.paused, self.resumed = threading.Event(), threading.Event()

    def pause(self, name: str) -> None:
        self.done.append(("pause", name))
        self.paused.set()

    def resume(self, name: str) -> None:
        self.done.append(("resume", name))
        self.resumed.set()


def test_what_stands_still_goes_on_afterwards() -> None:
    """Also where the block ends while it is still frozen."""
    frozen = Frozen()
    with standing_still(
        cast("Stack", frozen), "redis-queue", once=lambda: True, lasts_s=600
    ) as pause:
        assert frozen.paused.wait(5)
    assert frozen.done == [("pause", "redis-queue"), ("resume", "redis-queue")]
    assert 0 < pause.begin_ns <= pause.end_ns


def test_a_block_that_ends_before_its_time_freezes_nothing() -> None:
    """Nobody is left paused by a load that failed."""
    frozen = Frozen()
    with standing_still(
        cast("Stack", frozen), "redis-queue", once=lambda: False, lasts_s=1
    ) as pause:
        pass
    assert frozen.done == []
    assert pause.begin_ns == 0
