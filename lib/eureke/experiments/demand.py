"""How many workers a load needs: the fewest behind which its lag does not grow.

Metric, criterion and search are those of Theodolite: S. Henning, W. Hasselbring, "A Configurable
Method for Benchmarking Scalability of Cloud-Native Applications", 2022.
"""

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from eureke.errors import BadParameter
from eureke.experiments.passing import closed, passing
from eureke.experiments.sizes import scaled
from eureke.measure.timeline import TREND_S, lag_trend
from eureke.phase import Plan, plan
from eureke.run import Run
from eureke.scenario import Scenario
from eureke.stack.stack import Stack

GROWS_SHARE: Final = 0.1
"""A system keeps up where its lag grows by less than this share of the offered load."""


def demand(
    stack: Stack,
    scenario: Scenario,
    counts: Sequence[int],
    *,
    rates_per_s: Sequence[float],
    seconds: float,
    provider_ms: float,
) -> pd.DataFrame:
    """How many workers behind one dispatcher each load needs, by the trend of the lag.

    What keeps up with a load keeps up with a smaller one, and more keep up with what fewer do: so
    each load begins with the number that the one below it needs, and ends with the first that
    keeps up (linear search with a lower bound).

    Args:
        stack: with its application.
        scenario: of the stack.
        counts: how many workers there may be.
        rates_per_s: offered loads, in an open loop.
        seconds: of each.
        provider_ms: the provider's median latency.

    Returns:
        A row for each number and load that was tried: count, offered_per_s, achieved_per_s, p50_ms
        and p99_ms from when one was due to its receipt (p99_ms is missing where too few were sent
        for it), lag_per_s, keeps_up, n.

    Raises:
        BadParameter: the loads are too short for a trend.
    """
    if seconds < 2 * TREND_S:
        raise BadParameter(
            f"a load of {seconds:g} s is too short to see whether its lag grows",
            remedy=f"let each go on for {2 * TREND_S:g} s or longer",
        )
    rows: list[dict[str, Any]] = []
    left = sorted(counts)
    with passing(stack, scenario) as run:
        # Each dispatcher has an in-flight table of its own to fill.
        scaled(stack, "dispatcher", 1)
        for rate_per_s in sorted(map(float, rates_per_s)):
            while True:
                scaled(stack, "worker", left[0])
                load = _load(scenario, left[0], rate_per_s, seconds, provider_ms)
                rows.append({"count": left[0]} | _tried(run, load, seconds))
                if rows[-1]["keeps_up"] or len(left) == 1:
                    break
                left.pop(0)
    return pd.DataFrame(rows)


def _load(
    scenario: Scenario, size: int, rate_per_s: float, seconds: float, provider_ms: float
) -> Plan:
    return plan(
        scenario,
        name=f"workers-{size}-at-{rate_per_s:.0f}",
        count=round(rate_per_s * seconds),
        arrivals="constant",
        rate_per_s=rate_per_s,
        latency_median_ms=provider_ms,
    )


def _tried(run: Run, load: Plan, seconds: float) -> dict[str, Any]:
    """Whether a load was kept up with, and how long its notifications took."""
    phase = closed(run.send(load))
    lag_per_s = lag_trend(run.timeline, load.name, begin_s=seconds / 2, end_s=seconds)
    took = phase.receipt_ms
    return {
        "offered_per_s": load.rate_per_s,
        "achieved_per_s": phase.throughput_per_s,
        "p50_ms": took.p50 if took else None,
        "p99_ms": took.p99 if took else None,
        "lag_per_s": lag_per_s,
        "keeps_up": lag_per_s < GROWS_SHARE * load.rate_per_s,
        "n": phase.sent,
    }
