"""The Universal Scalability Law: what comes of more of the same.

X(N) = λN / (1 + σ(N-1) + κN(N-1)), by N. J. Gunther, "Guerrilla Capacity Planning", 2007. With
κ = 0 it is Amdahl's law, with σ = 0 as well it is a straight line.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import inf, sqrt
from typing import Any, Final

import numpy as np
import pandas as pd

from eureke.errors import BadParameter

Floats = np.ndarray[Any, np.dtype[np.float64]]
RESAMPLES: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalability:
    """How throughput grows with how many there are."""

    one_per_s: float
    """λ: what a single one does."""
    contention: float
    """σ: the share of the work that all wait in turn for."""
    coherency: float
    """κ: what each pair pays for keeping up with each other."""

    def per_s(self, count: float) -> float:
        """The throughput of so many."""
        waits = self.contention * (count - 1) + self.coherency * count * (count - 1)
        return self.one_per_s * count / (1 + waits)

    @property
    def most(self) -> float:
        """With more than so many throughput falls; infinite where it never does."""
        return sqrt(max(0.0, 1 - self.contention) / self.coherency) if self.coherency else inf


def fitted(counts: Sequence[int], per_s: Sequence[float]) -> Scalability:
    """The law that is nearest to what was measured, by relative least squares.

    N / X(N) is linear in 1/λ, σ/λ and κ/λ, none of which can be negative: the best of the four
    solutions in which σ and κ are free or zero is the solution under that condition.

    Args:
        counts: how many there were, two different ones at least.
        per_s: what they did together.

    Raises:
        BadParameter: that is too little to fit, or nothing was done.
    """
    number, done = np.asarray(counts, dtype=float), np.asarray(per_s, dtype=float)
    if len(set(counts)) < 2 or len(number) != len(done) or (done <= 0).any():
        raise BadParameter(
            f"no law can be fitted to {len(done)} throughputs of {sorted(set(counts))}",
            remedy="measure two sizes or more, each with a throughput above 0",
        )
    time_each = number / done
    columns = np.stack([np.ones_like(number), number - 1, number * (number - 1)], axis=1)
    found = [
        _least_squares(columns / time_each[:, None], (True, *free))
        for free in product((False, True), repeat=2)
        if 1 + sum(free) <= len(set(counts))
    ]
    possible = [(error, values) for error, values in found if (values >= 0).all() and values[0]]
    _, (base, waiting, keeping_up) = min(possible, key=lambda each: each[0])
    return Scalability(
        one_per_s=float(1 / base),
        contention=float(waiting / base),
        coherency=float(keeping_up / base),
    )


def _least_squares(columns: Floats, free: Sequence[bool]) -> tuple[float, Floats]:
    """The error, and the values of which those that are not free are zero."""
    values = np.zeros(columns.shape[1])
    chosen = np.flatnonzero(free)
    values[chosen] = np.linalg.lstsq(columns[:, chosen], np.ones(len(columns)))[0]
    # Rounding must not make a straight line bend upwards.
    values[np.abs(values) < 1e-12 * np.abs(values).max()] = 0
    return float(((columns @ values - 1) ** 2).sum()), values


def spread(counts: Sequence[int], per_s: Sequence[float], *, seed: int = 7) -> pd.DataFrame:
    """The ends of each parameter's 95 % interval, by a bootstrap over the measurements of each N.

    Returns:
        A row for each of one_per_s, contention, coherency: value, low, high.
    """
    chance = np.random.default_rng(seed)
    table = pd.DataFrame({"count": list(counts), "per_s": list(per_s)})
    groups = [rows["per_s"].to_numpy() for _, rows in table.groupby("count")]
    sizes = np.repeat(sorted(set(counts)), [len(each) for each in groups])
    laws = []
    for _ in range(RESAMPLES):
        drawn = np.concatenate([chance.choice(each, len(each)) for each in groups])
        laws.append(fitted(sizes.tolist(), drawn.tolist()))
    best = fitted(counts, per_s)
    rows = {}
    for name in ("one_per_s", "contention", "coherency"):
        low, high = np.quantile([getattr(each, name) for each in laws], [0.025, 0.975])
        rows[name] = {"value": getattr(best, name), "low": low, "high": high}
    return pd.DataFrame(rows).T
