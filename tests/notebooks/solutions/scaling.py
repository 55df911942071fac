"""Answers to the exercises on scaling, and some that are wrong."""

from math import ceil
from typing import Any, Final

RIGHT: Final[dict[str, Any]] = {
    "contention": lambda one_per_s, two_per_s: 2 * one_per_s / two_per_s - 1,
    "workers": lambda per_s, took_ms, threads: max(1, ceil(per_s * took_ms / 1000 / threads)),
    "idle": lambda dispatchers, partitions: max(0, dispatchers - partitions),
}
WRONG: Final[list[tuple[str, Any]]] = [
    ("contention", lambda one_per_s, two_per_s: two_per_s / one_per_s - 1),
    ("contention", lambda one_per_s, two_per_s: 0.25),
    ("workers", lambda per_s, took_ms, threads: int(per_s * took_ms / 1000 / threads)),
    ("workers", lambda per_s, took_ms, threads: 100),
    ("idle", lambda dispatchers, partitions: dispatchers - partitions),
    ("idle", lambda dispatchers, partitions: 0),
]
