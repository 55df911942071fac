"""More dispatchers or workers: what the pipeline gets through, and which loads it keeps up with.

Every load is accounted for; one whose account does not close is no measurement.
"""

import time
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from eureke.errors import LoadFailed
from eureke.experiments.passing import closed, passing
from eureke.experiments.rounds import to_and_fro
from eureke.measure.members import partitions_by_member
from eureke.phase import Phase, plan
from eureke.scenario import Scenario
from eureke.stack.stack import Stack

FAST_MS: Final = 5.0
"""A provider that holds up nobody."""
GROWS_SHARE: Final = 0.1
"""A system keeps up where its lag grows by less than this share of the offered load."""
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
            _scale(stack, kind, size)
            name = f"{kind}-{size}-{number}"
            load = plan(scenario, name=name, count=count, latency_median_ms=provider_ms)
            phase = closed(run.send(load))
            rows.append(
                {"kind": kind, "round": number, "count": size, "per_s": phase.throughput_per_s}
            )
    return pd.DataFrame(rows)


def demand(
    stack: Stack,
    scenario: Scenario,
    counts: Sequence[int],
    *,
    rates_per_s: Sequence[float],
    seconds: float,
    provider_ms: float,
) -> pd.DataFrame:
    """Which loads so many workers behind one dispatcher keep up with, by the trend of the lag.

    The criterion is that of Theodolite (S. Henning, W. Hasselbring, "A Configurable Method for
    Benchmarking Scalability of Cloud-Native Applications", 2022): a straight line through the lag.

    Args:
        stack: with its application.
        scenario: of the stack.
        counts: how many workers.
        rates_per_s: offered loads, in an open loop.
        seconds: of each.
        provider_ms: the provider's median latency.

    Returns:
        A row for each size and load: count, offered_per_s, achieved_per_s, p50_ms and p99_ms from
        when one was due to its receipt (p99_ms is missing where too few were sent for it),
        lag_per_s, keeps_up, n.
    """
    phases: list[tuple[int, Phase]] = []
    with passing(stack, scenario) as run:
        # Each dispatcher has an in-flight table of its own to fill.
        _scale(stack, "dispatcher", 1)
        for size in counts:
            _scale(stack, "worker", size)
            for rate_per_s in map(float, rates_per_s):
                load = plan(
                    scenario,
                    name=f"workers-{size}-at-{rate_per_s:.0f}",
                    count=round(rate_per_s * seconds),
                    arrivals="constant",
                    rate_per_s=rate_per_s,
                    latency_median_ms=provider_ms,
                )
                phases.append((size, closed(run.send(load))))
        timeline = run.close().timeline
    return pd.DataFrame(
        {"count": size} | _kept_up(phase, _trend(timeline, phase.name, seconds))
        for size, phase in phases
    )


def partitions(stack: Stack, counts: Sequence[int]) -> pd.DataFrame:
    """Who gets how many partitions when there are so many dispatchers.

    Returns:
        A row for each size and dispatcher: count, dispatcher, partitions.
    """
    rows = []
    for size in counts:
        _scale(stack, "dispatcher", size)
        held = partitions_by_member(stack.settings)
        rows += [
            {"count": size, "dispatcher": name.rpartition("-")[2], "partitions": has}
            for name, has in sorted(held.items())
        ]
    return pd.DataFrame(rows)


def _scale(stack: Stack, kind: str, size: int) -> None:
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


def _kept_up(phase: Phase, lag_per_s: float) -> dict[str, Any]:
    """Whether a load was kept up with, and how long its notifications took."""
    offered_per_s, took = phase.offered_per_s or 0.0, phase.receipt_ms
    return {
        "offered_per_s": offered_per_s,
        "achieved_per_s": phase.throughput_per_s,
        "p50_ms": took.p50 if took else None,
        "p99_ms": took.p99 if took else None,
        "lag_per_s": lag_per_s,
        "keeps_up": lag_per_s < GROWS_SHARE * offered_per_s,
        "n": phase.sent,
    }


def _trend(timeline: pd.DataFrame, name: str, seconds: float) -> float:
    """By how many records a second the lag grew in the second half of a load."""
    mine = timeline[(timeline["phase"] == name) & (timeline["series"] == "lag")]
    lag = mine[mine["t_s"].between(seconds / 2, seconds)]
    if len(lag) < 2:
        raise LoadFailed(
            f"the lag was looked at {len(lag)} times in {seconds:g} s",
            remedy="let each load go on for 2 s or longer",
        )
    slope, _ = np.polyfit(lag["t_s"], lag["value"], 1)
    return float(slope)
