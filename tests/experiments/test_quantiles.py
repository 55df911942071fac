"""Percentiles from buckets beside those of every sample."""

import pandas as pd
import pytest

from eureke.experiments import quantiles
from eureke.measure.prometheus import Prometheus


class Buckets(Prometheus):
    """One that has three buckets, and says of each percentile the same."""

    def __init__(self, told_s: float) -> None:
        self._told_s = told_s

    def now(self, query: str, *, at_s: float | None = None) -> pd.DataFrame:  # noqa: ARG002
        if query.startswith("histogram_quantile"):
            return pd.DataFrame({"value": [self._told_s]})
        return pd.DataFrame({"le": ["0.02", "+Inf", "0.05"], "value": [1.0, 3.0, 2.0]})


def test_each_percentile_stands_in_its_bucket() -> None:
    """Those that so few samples do not allow are left out."""
    exact_ms = pd.Series([10.0] * 80 + [30.0] * 40)
    table = quantiles(Buckets(0.033), "x", at_s=0, exact_ms=exact_ms).set_index("quantile")
    assert list(table.index) == [0.5, 0.9]
    assert list(table["exact_ms"]) == [10, 30]
    assert list(table["low_ms"]) == [0, 20]
    assert list(table["high_ms"]) == [20, 50]
    assert table["error"].iloc[-1] == pytest.approx(0.1)


def test_what_is_longer_than_all_borders_is_in_the_last_bucket_that_has_one() -> None:
    """As histogram_quantile has it."""
    table = quantiles(Buckets(0.05), "x", at_s=0, exact_ms=pd.Series([70.0] * 30))
    assert list(table["high_ms"]) == [50]
