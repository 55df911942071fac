"""Percentiles as Prometheus reckons them from buckets, beside those of every single sample."""

from bisect import bisect_left
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from eureke.measure.latency import QUANTILES, percentiles
from eureke.measure.prometheus import Prometheus


def quantiles(
    prometheus: Prometheus, buckets: str, *, at_s: float, exact_ms: "pd.Series[float]"
) -> pd.DataFrame:
    """Each percentile, by Prometheus and exactly.

    Args:
        prometheus: is asked.
        buckets: an expression that gives a value for each `le`, in seconds.
        at_s: the moment it is asked for, in Unix time.
        exact_ms: every sample of the same time.

    Returns:
        A row for each percentile that so many samples allow: quantile, exact_ms, told_ms, the
        borders low_ms and high_ms of the bucket that the exact one lies in, error.
    """
    borders_ms = _borders_ms(prometheus.now(buckets, at_s=at_s))
    exact = asdict(percentiles(np.asarray(exact_ms.dropna(), dtype=np.float64)))
    rows: list[dict[str, Any]] = []
    for name, quantile in QUANTILES.items():
        if exact[name] is None:
            continue
        found = prometheus.now(f"histogram_quantile({quantile}, {buckets})", at_s=at_s)
        told_ms = 1000 * float(found["value"].iloc[0])
        above = min(bisect_left(borders_ms, exact[name]), len(borders_ms) - 1)
        low_ms = borders_ms[above - 1] if above else 0.0
        row = {"quantile": quantile, "exact_ms": exact[name], "told_ms": told_ms}
        row |= {"low_ms": low_ms, "high_ms": borders_ms[above]}
        rows.append(row | {"error": told_ms / exact[name] - 1})
    return pd.DataFrame(rows)


def _borders_ms(found: pd.DataFrame) -> list[float]:
    """The upper borders of the buckets, but for the last one's, which has none."""
    return sorted(1000 * border for border in found["le"].astype(float) if border != float("inf"))
