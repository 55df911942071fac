"""A provider that goes away, and what shows it, in the order in which it shows."""

import time
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

import pandas as pd
import requests

from eureke.measure.prometheus import Prometheus
from eureke.outages import Absence
from eureke.phase import Outage
from eureke.stack.stack import Stack

STEP_S: Final = 0.5


def away(stack: Stack, *, seconds: float, lead_s: float = 3.0) -> Absence:
    """A provider that is away for so long, to be given to `Run.open_loop(disturb=…)`."""
    outage = Outage(kind="down", seconds=seconds)
    return Absence(outage, partial(_change, stack.settings.provider_url), lead_s=lead_s)


def _change(url: str, behaviour: Mapping[str, Any]) -> None:
    requests.put(f"{url}/settings", json=dict(behaviour), timeout=10).raise_for_status()


def symptoms(
    prometheus: Prometheus, conditions: Mapping[str, str], fault: Absence, *, end_s: float
) -> pd.DataFrame:
    """When each condition held.

    Args:
        prometheus: is asked.
        conditions: expressions that have an answer while something is wrong, by its name.
        fault: what was wrong.
        end_s: up to when, in Unix time.

    Returns:
        A row for each span of time: symptom, begin_s, end_s, both since the provider went away;
        the provider's own absence is the first.
    """
    to_unix_s = time.time() - time.monotonic()
    gone_s, back_s = fault.gone_ns / 1e9 + to_unix_s, fault.back_ns / 1e9 + to_unix_s
    rows = [("the provider is away", 0.0, back_s - gone_s)]
    for name, expression in conditions.items():
        found = prometheus.over(expression, begin_s=gone_s - 2.0, end_s=end_s, step_s=STEP_S)
        rows += [(name, *span) for span in _spans(sorted(found["time_s"].unique() - gone_s))]
    return pd.DataFrame(rows, columns=["symptom", "begin_s", "end_s"])


def _spans(moments_s: list[float]) -> Iterator[tuple[float, float]]:
    """Begin and end of each run of moments that are next to each other."""
    begin_s = last_s = None
    for moment_s in moments_s:
        if last_s is None or begin_s is None or moment_s - last_s > 1.5 * STEP_S:
            if begin_s is not None and last_s is not None:
                yield begin_s, last_s + STEP_S
            begin_s = moment_s
        last_s = moment_s
    if begin_s is not None and last_s is not None:
        yield begin_s, last_s + STEP_S
