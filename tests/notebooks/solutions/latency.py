"""Answers to the exercises on latency, right ones and wrong ones."""

from collections import Counter
from math import ceil
from typing import Any


def told(values: list[float], share: float) -> float | None:
    if len(values) * (1 - share) < 10 - 1e-9:
        return None
    return sorted(values)[ceil(len(values) * share) - 1]


def told_always(values: list[float], share: float) -> float:
    return sorted(values)[ceil(len(values) * share) - 1]


def told_mean(values: list[float], share: float) -> float | None:
    return sum(values) / len(values) if len(values) * (1 - share) >= 10 - 1e-9 else None


def told_unsorted(values: list[float], share: float) -> float | None:
    if len(values) * (1 - share) < 10 - 1e-9:
        return None
    return values[ceil(len(values) * share) - 1]


def left_out(wait_ms: float, every_ms: float) -> int:
    return max(0, ceil(wait_ms / every_ms - 1e-9) - 1)


def left_out_of_one_too_many(wait_ms: float, every_ms: float) -> int:
    return int(wait_ms / every_ms)


def together(parts: list[dict[int, int]], share: float) -> int:
    counts: Counter[int] = Counter()
    for part in parts:
        counts.update(part)
    total, seen = sum(counts.values()), 0
    for value in sorted(counts):
        seen += counts[value]
        if seen >= share * total - 1e-9:
            return value
    return max(counts)


def together_by_the_mean(parts: list[dict[int, int]], share: float) -> int:
    return round(sum(together([part], share) for part in parts) / len(parts))


RIGHT: dict[str, Any] = {"told": told, "left_out": left_out, "together": together}
WRONG: list[tuple[str, Any]] = [
    ("told", told_always),
    ("told", told_mean),
    ("told", told_unsorted),
    ("told", lambda values, share: None),
    ("left_out", left_out_of_one_too_many),
    ("left_out", lambda wait_ms, every_ms: 0),
    ("together", together_by_the_mean),
    ("together", lambda parts, share: "no number"),
]
