"""How much larger one set of runs is than another, and how sure that is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
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
    interval. With fewer than LEAST runs of either side it is infinitely wide, as nobody can tell.
    """
    middle = float(np.median(ours) / np.median(theirs))
    if min(len(ours), len(theirs)) < LEAST:
        return Ratio(middle, 0.0, float("inf"))
    chance = np.random.default_rng(seed)
    low, high = _ends(_medians(ours, chance) / _medians(theirs, chance))
    return Ratio(middle, low, high)


def interval(values: Sequence[float], *, seed: int = 7) -> tuple[float, float] | None:
    """The ends of the 95 % interval of a median, by a bootstrap; None with too few runs."""
    if len(values) < LEAST:
        return None
    return _ends(_medians(values, np.random.default_rng(seed)))


def _medians(values: Sequence[float], chance: np.random.Generator) -> Floats:
    """Of as many values drawn again and again, with replacement."""
    drawn = chance.choice(np.asarray(values, dtype=float), (RESAMPLES, len(values)))
    return np.asarray(np.median(drawn, axis=1))


def _ends(drawn: Floats) -> tuple[float, float]:
    """Between them lie 95 of 100."""
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)
