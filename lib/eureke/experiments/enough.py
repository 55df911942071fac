"""How many samples a percentile needs, by drawing from many; and why percentiles have no mean."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from eureke.measure.latency import QUANTILES, may_be_told

DRAWS: Final = 400
MORE: Final = 4
"""What is drawn from so many times as often knows nothing of what is rarer than its samples."""
SIZES: Final = (30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000)


def enough(
    samples_ms: "pd.Series[float]", *, sizes: Sequence[int] = SIZES, seed: int = 7
) -> pd.DataFrame:
    """What a percentile would have been, had there been so many samples.

    Args:
        samples_ms: all there are; each experiment draws from them, with replacement.
        sizes: how many it draws.
        seed: of the drawing.

    Returns:
        A row for each percentile and size: name, quantile, size, low_ms and high_ms (between them
        lie 95 of 100 experiments), truth_ms (of all samples), told (whether enough lie beyond).
    """
    values = samples_ms.dropna().to_numpy(dtype=float)
    chance = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    for size in (each for each in sizes if each <= MORE * len(values)):
        draws = max(40, min(DRAWS, 4_000_000 // size))
        drawn = chance.choice(values, (draws, size))
        for name, quantile in QUANTILES.items():
            found = np.quantile(drawn, quantile, axis=1, method="higher")
            low, high = np.quantile(found, [0.025, 0.975])
            rows.append(
                {
                    "name": name,
                    "quantile": quantile,
                    "size": size,
                    "low_ms": float(low),
                    "high_ms": float(high),
                    "truth_ms": float(np.quantile(values, quantile, method="higher")),
                    "told": may_be_told(size, quantile),
                }
            )
    return pd.DataFrame(rows)


def averaged(table: pd.DataFrame, *, of_s: float = 1.0, share: float = 0.99) -> pd.DataFrame:
    """A percentile of each second, their mean, and that of all samples together.

    Args:
        table: with intended_s and from_intended_ms.
        of_s: how long each part is.
        share: the percentile's, such as 0.99.

    Returns:
        A row for each part: begin_s, n, ms; and the two answers as columns mean_ms and truth_ms.
    """
    parts = table.groupby((table["intended_s"] // of_s) * of_s)["from_intended_ms"]
    found = pd.DataFrame({"n": parts.size(), "ms": parts.quantile(share)}).reset_index(
        names="begin_s"
    )
    found["mean_ms"] = found["ms"].mean()
    found["truth_ms"] = float(table["from_intended_ms"].quantile(share))
    return found
