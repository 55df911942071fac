"""How many samples a percentile needs."""

import numpy as np
import pandas as pd

from eureke.experiments import averaged, enough

SAMPLES = pd.Series(np.random.default_rng(3).lognormal(2, 0.5, 3_000))


def test_more_samples_leave_less_doubt() -> None:
    """And the rule of ten beyond says from where on a percentile is told."""
    table = enough(SAMPLES, sizes=(100, 1_000, 10_000))
    table["width"] = table["high_ms"] - table["low_ms"]
    for name, rows in table.groupby("name"):
        assert rows["width"].is_monotonic_decreasing, name
        assert (rows["low_ms"] <= rows["truth_ms"]).all()
    told = table[table["told"]].groupby("name")["size"].min()
    assert dict(told) == {"p50": 100, "p90": 100, "p99": 1_000, "p99_9": 10_000}


def test_not_much_more_is_drawn_than_there_is() -> None:
    """A few samples know nothing of what is rarer than they are."""
    assert enough(SAMPLES[:100])["size"].max() == 300


def test_a_mean_of_percentiles_is_not_the_percentile() -> None:
    """One bad second of three, with most of the samples in it."""
    table = pd.DataFrame(
        {
            "intended_s": [0.5] * 10 + [1.5] * 80 + [2.5] * 10,
            "from_intended_ms": [10.0] * 10 + [1_000.0] * 80 + [10.0] * 10,
        }
    )
    seconds = averaged(table, share=0.5)
    assert list(seconds["ms"]) == [10.0, 1_000.0, 10.0]
    assert list(seconds["n"]) == [10, 80, 10]
    assert seconds["mean_ms"].iloc[0] == 340.0
    assert seconds["truth_ms"].iloc[0] == 1_000.0
