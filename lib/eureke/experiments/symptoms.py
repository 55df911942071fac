"""A provider that goes away, and what shows it, in the order in which it shows."""

import time
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

import numpy as np
import pandas as pd

from eureke.measure.prometheus import Prometheus
from eureke.outages import Absence
from eureke.phase import Outage
from eureke.stack.stack import Stack
from eureke.traffic import change_provider

STEP_S: Final = 0.5


class Fault:
    """A provider that goes away in the middle of a load: for `Run.open_loop(disturb=…)`."""

    def __init__(self, absence: Absence) -> None:
        self._absence = absence
        self._to_unix_s = time.time() - time.monotonic()

    def __call__(self, share: float) -> None:
        """Acts when it is time."""
        self._absence(share)

    @property
    def gone_s(self) -> float:
        """When it went away, in Unix time."""
        return self._absence.gone_ns / 1e9 + self._to_unix_s

    @property
    def back_s(self) -> float:
        """When it was back."""
        return self._absence.back_ns / 1e9 + self._to_unix_s


def away(stack: Stack, *, after_s: float, lasts_s: float) -> Fault:
    """A provider that goes away some time after a load has begun, for so long."""
    outage = Outage(kind="down", seconds=lasts_s)
    return Fault(Absence(outage, partial(change_provider, stack), lead_s=after_s))


def symptoms(
    prometheus: Prometheus, conditions: Mapping[str, str], fault: Fault, *, end_s: float
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
    gone_s = fault.gone_s
    rows = [("the provider is away", 0.0, fault.back_s - gone_s)]
    for name, expression in conditions.items():
        found = prometheus.over(expression, begin_s=gone_s - 2.0, end_s=end_s, step_s=STEP_S)
        rows += [(name, *span) for span in _spans(sorted(found["time_s"].unique() - gone_s))]
    return pd.DataFrame(rows, columns=["symptom", "begin_s", "end_s"])


def _spans(moments_s: list[float]) -> Iterator[tuple[float, float]]:
    """Begin and end of each run of moments that are next to each other."""
    breaks = np.flatnonzero(np.diff(moments_s) > 1.5 * STEP_S) + 1
    for together in np.split(np.asarray(moments_s), breaks) if moments_s else ():
        yield float(together[0]), float(together[-1]) + STEP_S
