"""Answers to the exercises on monitoring, and some that are wrong."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final


def increase(values: Sequence[float]) -> float:
    return sum(after - before if after >= before else after for before, after in pairwise(values))


def quantile(share: float, borders: Sequence[float], counts: Sequence[float]) -> float:
    rank, lower, before = share * counts[-1], 0.0, 0.0
    for border, count in zip(borders, counts, strict=True):
        if rank <= count and count > before:
            return lower + (border - lower) * (rank - before) / (count - before)
        lower, before = border, count
    return lower


def upper_border(share: float, borders: Sequence[float], counts: Sequence[float]) -> float:
    rank = share * counts[-1]
    return next(border for border, count in zip(borders, counts, strict=True) if rank <= count)


def states(broken: Sequence[bool], every_s: float, for_s: float) -> list[str]:
    found, since = [], 0
    for at, bad in enumerate(broken):
        since = since if bad else at + 1
        held = (at - since) * every_s >= for_s
        found.append(("firing" if held else "pending") if bad else "inactive")
    return found


def never_forgets(broken: Sequence[bool], every_s: float, for_s: float) -> list[str]:
    return [
        ("firing" if sum(broken[:at]) * every_s >= for_s else "pending") if bad else "inactive"
        for at, bad in enumerate(broken)
    ]


RIGHT: Final[dict[str, Any]] = {
    "increase": increase,
    "quantile": quantile,
    "states": states,
    "seen": lambda burst_s, every_s: min(1.0, burst_s / every_s),
}
WRONG: Final[list[tuple[str, Any]]] = [
    ("increase", lambda values: values[-1] - values[0]),
    ("increase", lambda values: max(values) - min(values)),
    ("increase", lambda values: sum(max(0, b - a) for a, b in pairwise(values))),
    ("quantile", upper_border),
    ("quantile", lambda share, borders, counts: share * borders[-1]),
    ("states", lambda broken, every_s, for_s: ["firing" if bad else "inactive" for bad in broken]),
    ("states", never_forgets),
    ("states", lambda broken, every_s, for_s: []),
    ("seen", lambda burst_s, every_s: burst_s / every_s),
    ("seen", lambda burst_s, every_s: 1.0),
]
