"""What two kinds of senders notice of a standstill."""

import numpy as np
import pandas as pd
import pytest

from eureke.experiments import noticed
from eureke.experiments.omission import CLOSED, OPEN, corrected


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
