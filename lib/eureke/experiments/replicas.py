"""One replica of the API, or several: how much they take together, and how long each call waits."""

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from eureke.experiments.hammering import hammered
from eureke.experiments.rounds import to_and_fro
from eureke.stack.stack import Stack
from eureke.world.caller import READ

CONNECTIONS: Final = 32


def replicas(stack: Stack, counts: Sequence[int], *, rounds: int, count: int) -> pd.DataFrame:
    """How many calls a second so many replicas answer, in a closed loop.

    Args:
        stack: with an API behind Nginx.
        counts: how many replicas.
        rounds: of all sizes, every other one from the largest down.
        count: calls of each measurement.

    Returns:
        A row for each round and size: kind, round, count, per_s.
    """
    rows = []
    for number, size in to_and_fro(counts, rounds=rounds):
        stack.scale("api", size)
        # The first calls of a new replica are slower, and belong to nobody.
        found = _read(stack, count=count, warm_up=count // 5)
        rows.append({"kind": "api", "round": number, "count": size, "per_s": found["items_per_s"]})
    return pd.DataFrame(rows)


def load_curve(
    stack: Stack, counts: Sequence[int], *, rates_per_s: Sequence[float], count: int
) -> pd.DataFrame:
    """How long calls take at each offered load, in an open loop.

    Args:
        stack: with an API behind Nginx.
        counts: how many replicas.
        rates_per_s: offered loads.
        count: calls of each; a p99 asks for a thousand.

    Returns:
        A row for each size and load: count, offered_per_s, achieved_per_s, p50_ms, p99_ms (from
        when a call was due) and n.
    """
    rows = []
    for size in counts:
        stack.scale("api", size)
        for rate_per_s in map(float, rates_per_s):
            found = _read(stack, count=count, rate_per_s=rate_per_s)
            rows.append(
                {
                    "count": size,
                    "offered_per_s": rate_per_s,
                    "achieved_per_s": found["items_per_s"],
                    "p50_ms": found["p50_ms"],
                    "p99_ms": found["p99_ms"],
                    "n": found["items"],
                }
            )
    return pd.DataFrame(rows)


def _read(stack: Stack, **options: Any) -> dict[str, Any]:
    """What came of the same small read again and again; options as of `hammered`."""
    return hammered(stack, READ, name="hammer", connections=CONNECTIONS, **options)
