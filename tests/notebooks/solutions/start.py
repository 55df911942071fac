"""Answers to the exercises of the first chapter, and some that are wrong."""

from math import ceil
from statistics import mean
from typing import Any, Final

RIGHT: Final[dict[str, Any]] = {
    "percentile": lambda values, share: sorted(values)[
        min(int(share * len(values)), len(values) - 1)
    ],
    "needed": lambda share: ceil(10 / (1 - share)),
    "commit": lambda read_to, under_way: min(under_way, default=read_to),
}
WRONG: Final[list[tuple[str, Any]]] = [
    ("percentile", lambda values, share: values[int(share * len(values))]),
    ("percentile", lambda values, share: mean(values)),
    ("percentile", lambda values, share: share * max(values)),
    ("percentile", lambda values, share: sorted(values, reverse=True)[int(share * len(values))]),
    ("percentile", lambda values, share: max(values)),
    ("needed", lambda share: 100),
    ("needed", lambda share: 1 / (1 - share)),
    ("needed", lambda share: 10 / share),
    ("commit", lambda read_to, under_way: read_to),
    ("commit", lambda read_to, under_way: max(under_way, default=read_to)),
    ("commit", lambda read_to, under_way: min(under_way, default=0)),
    ("commit", lambda read_to, under_way: 0),
    ("commit", lambda read_to, under_way: read_to - len(under_way)),
]
