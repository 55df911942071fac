"""How much larger one set of runs is than another, and how sure that is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

RESAMPLES: Final = 10_000
LEAST: Final = 3
"""With fewer runs a bootstrap has nothing to draw from, and says nothing."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """The ratio of two medians with the ends of its 95 % interval."""

    middle: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.middle:.2f} (95 %: {self.low:.2f} to {self.high:.2f})"


def ratio(ours: Sequence[float], theirs: Sequence[float], *, seed: int = 7) -> Ratio:
    """The median of ours by that of theirs; by a bootstrap over the runs of either side.

    Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13: the percentile
    interval. With one run of either side the interval is infinitely wide, as nobody can tell.
    """
    middle = float(np.median(ours) / np.median(theirs))
    if min(len(ours), len(theirs)) < LEAST:
        return Ratio(middle, 0.0, float("inf"))
    chance = np.random.default_rng(seed)
    drawn = [
        np.median(chance.choice(np.asarray(side, dtype=float), (RESAMPLES, len(side))), axis=1)
        for side in (ours, theirs)
    ]
    low, high = np.quantile(drawn[0] / drawn[1], [0.025, 0.975])
    return Ratio(middle, float(low), float(high))


def interval(values: Sequence[float], *, seed: int = 7) -> tuple[float, float] | None:
    """The ends of the 95 % interval of a median, by a bootstrap; None with too few runs."""
    if len(values) < LEAST:
        return None
    chance = np.random.default_rng(seed)
    medians = np.median(chance.choice(np.asarray(values), (RESAMPLES, len(values))), axis=1)
    low, high = np.quantile(medians, [0.025, 0.975])
    return float(low), float(high)
