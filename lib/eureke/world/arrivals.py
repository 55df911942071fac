"""Arrival patterns: when each notification is meant to be sent, fixed in advance."""

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from eureke.errors import BadParameter

Offsets = npt.NDArray[np.int64]
S: Final = 1_000_000_000


def flat_out(count: int, _rate_per_s: float, _chance: np.random.Generator) -> Offsets:
    """All at once: as fast as the sender goes."""
    return np.zeros(count, dtype=np.int64)


def constant(count: int, rate_per_s: float, _chance: np.random.Generator) -> Offsets:
    """One every 1/rate seconds."""
    return (np.arange(count) * (S / rate_per_s)).astype(np.int64)


def poisson(count: int, rate_per_s: float, chance: np.random.Generator) -> Offsets:
    """Independent arrivals: exponential gaps with mean 1/rate seconds."""
    return np.cumsum(chance.exponential(S / rate_per_s, count)).astype(np.int64)


PATTERNS: Final[dict[str, Callable[[int, float, np.random.Generator], Offsets]]] = {
    "flat-out": flat_out,
    "constant": constant,
    "poisson": poisson,
}


def offsets_ns(pattern: str, *, count: int, rate_per_s: float, seed: int) -> Offsets:
    """Intended send times in nanoseconds from the start of the load, never decreasing.

    Raises:
        BadParameter: the pattern is unknown.
    """
    try:
        draw = PATTERNS[pattern]
    except KeyError:
        raise BadParameter(
            f"there is no arrival pattern {pattern!r}", remedy=f"one of: {', '.join(PATTERNS)}"
        ) from None
    return draw(count, rate_per_s, np.random.default_rng(seed))
