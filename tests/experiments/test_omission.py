"""What two kinds of senders notice of a standstill."""

import threading
from typing import cast

import numpy as np
import pandas as pd
import pytest

from eureke.experiments import noticed
from eureke.experiments.omission import CLOSED, OPEN, corrected, standing_still
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


def waits(sender: str, intended_ms: list[float], sent_ms: list[float]) -> pd.DataFrame:
    return pd.DataFrame(
        {"sender": sender, "from_intended_ms": intended_ms, "from_sent_ms": sent_ms}
    )


def test_each_sender_is_told_by_each_clock_and_the_closed_one_corrected() -> None:
    """A percentile that has too few beyond it is not told."""
    table = pd.concat([waits(OPEN, [9.0] * 40, [9.0] * 40), waits(CLOSED, [8.0] * 40, [2.0] * 40)])
    told = noticed(table, interval_ms=10)
    assert list(told["sender"]) == [OPEN, OPEN, CLOSED, CLOSED, CLOSED]
    assert list(told["p50"].round(1)) == [9.0, 9.0, 8.0, 2.0, 2.0]
    assert told["p99"].isna().all()
    assert list(told["n"]) == [40] * 5


def test_samples_that_were_left_out_are_put_back() -> None:
    """One of a second, one due every tenth of a second: nine more, each a tenth shorter."""
    found = corrected(pd.Series([1000.0, 5.0]), 100.0)
    assert np.sort(found) == pytest.approx([5, *range(100, 1001, 100)], rel=2e-3)


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
