"""How long notifications take at one offered load after another, up to more than can be done."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from eureke.experiments.passing import closed, passing
from eureke.measure.validity import SEND_LAG_P99_MOST_MS
from eureke.phase import Phase, Plan, plan
from eureke.scenario import Scenario
from eureke.stack.stack import Stack


def levels(
    stack: Stack, scenario: Scenario, *, rates_per_s: Sequence[float], seconds: float
) -> pd.DataFrame:
    """Each offered load in an open loop with random arrivals, every one accounted for.

    Args:
        stack: with its application, one task a notification (`batch_max = 1`).
        scenario: of the stack.
        rates_per_s: offered loads.
        seconds: of each.

    Returns:
        A row for each load: offered_per_s, achieved_per_s (to the last receipt), p50_ms, p90_ms,
        p99_ms (missing where too few were sent for it), on_time (whether the sender was), n; and
        for all of them, from the lightest load alone: servers (threads that take one each),
        service_ms (their mean time with one).
    """
    with passing(stack, scenario) as run:
        closed(run.send(_load(scenario, min(rates_per_s), seconds, "alone")))
        samples = run.close().samples
    with passing(stack, scenario) as run:
        phases = [
            closed(run.send(_load(scenario, each, seconds, f"at-{each:.0f}")))
            for each in rates_per_s
        ]
    of_all = {
        "servers": scenario.workers * stack.settings.worker_threads,
        "service_ms": float(samples["provider_ms"].mean()),
    }
    return pd.DataFrame(_row(phase) | of_all for phase in phases)


def _load(scenario: Scenario, rate_per_s: float, seconds: float, name: str) -> Plan:
    return plan(
        scenario,
        name=name,
        count=round(rate_per_s * seconds),
        arrivals="poisson",
        rate_per_s=float(rate_per_s),
        latency_median_ms=scenario.latency_median_ms,
        item_failure_share=0.0,
    )


def _row(phase: Phase) -> dict[str, Any]:
    took = phase.receipt_ms
    return {
        "offered_per_s": phase.offered_per_s,
        "achieved_per_s": phase.throughput_per_s,
        **{f"{name}_ms": getattr(took, name) for name in ("p50", "p90", "p99")},
        "on_time": (phase.send_lag_p99_ms or 0.0) <= SEND_LAG_P99_MOST_MS,
        "n": phase.sent,
    }
