"""More dispatchers or workers: what the pipeline gets through, and who reads what.

Every load is accounted for; one whose account does not close is no measurement.
"""

import time
from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from eureke.errors import LoadFailed
from eureke.experiments.passing import closed, passing
from eureke.experiments.rounds import to_and_fro
from eureke.measure.members import partitions_by_member
from eureke.phase import plan
from eureke.scenario import Scenario
from eureke.stack.stack import Stack

FAST_MS: Final = 5.0
"""A provider that holds up nobody."""
WITHIN_S: Final = 30.0


def sizes(
    stack: Stack,
    scenario: Scenario,
    kind: str,
    counts: Sequence[int],
    *,
    rounds: int,
    count: int,
    provider_ms: float = FAST_MS,
) -> pd.DataFrame:
    """What so many dispatchers or workers get through, as fast as it goes.

    Args:
        stack: with its application.
        scenario: of the stack.
        kind: `dispatcher` or `worker`.
        counts: how many of them; the bulk lane's.
        rounds: of all sizes, every other one from the largest down.
        count: notifications of each measurement.
        provider_ms: the provider's median latency.

    Returns:
        A row for each round and size: kind, round, count, per_s.
    """
    rows: list[dict[str, Any]] = []
    with passing(stack, scenario) as run:
        # The first load meets cold caches and compilers, and belongs to nobody.
        run.send(plan(scenario, name=f"{kind}-warm-up", count=count // 5))
        for number, size in to_and_fro(counts, rounds=rounds):
            scaled(stack, kind, size)
            name = f"{kind}-{size}-{number}"
            load = plan(scenario, name=name, count=count, latency_median_ms=provider_ms)
            phase = closed(run.send(load))
            rows.append(
                {"kind": kind, "round": number, "count": size, "per_s": phase.throughput_per_s}
            )
    return pd.DataFrame(rows)


def partitions(stack: Stack, counts: Sequence[int]) -> pd.DataFrame:
    """Who gets how many partitions when there are so many dispatchers.

    Returns:
        A row for each size and dispatcher: count, dispatcher, partitions.
    """
    rows = []
    for size in counts:
        scaled(stack, "dispatcher", size)
        held = partitions_by_member(stack.settings)
        rows += [
            {"count": size, "dispatcher": name.rpartition("-")[2], "partitions": has}
            for name, has in sorted(held.items())
        ]
    return pd.DataFrame(rows)


def scaled(stack: Stack, kind: str, size: int) -> None:
    """Has so many; of dispatchers, when each has the partitions that it will have."""
    stack.scale(kind, size)
    if kind != "dispatcher":
        return
    wanted = stack.settings.partitions
    limit_s = time.monotonic() + WITHIN_S
    while True:
        held = partitions_by_member(stack.settings)
        fair = len(held) == size and sum(held.values()) == wanted
        if fair and max(held.values()) <= -(-wanted // size):
            return
        if time.monotonic() > limit_s:
            raise LoadFailed(
                f"{size} dispatchers do not share {wanted} partitions evenly: {held}",
                remedy="see their logs, and Kafka's",
            )
        time.sleep(0.1)
