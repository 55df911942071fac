"""The signs of a fault: from when to when each of them held."""

import time

import pandas as pd

from eureke.experiments.symptoms import Fault, symptoms
from eureke.measure.prometheus import Prometheus
from eureke.outages import Absence
from eureke.phase import Outage


class Moments(Prometheus):
    """One that answers at some moments, counted from when it was made."""

    def __init__(self, moments_s: list[float]) -> None:
        self._times_s = [time.time() + each for each in moments_s]

    def over(self, query: str, **_span: float) -> pd.DataFrame:
        if query == "never":
            return pd.DataFrame(columns=["time_s", "value"])
        return pd.DataFrame({"time_s": self._times_s, "value": 1.0})


def test_moments_that_are_next_to_each_other_are_one_span() -> None:
    """The fault is the first; a sign that never shows has no row."""
    absence = Absence(Outage(kind="down", seconds=2), lambda _behaviour: None, lead_s=0)
    fault = Fault(absence)
    fault(0.0)
    absence.back_ns = absence.gone_ns + 2 * 10**9
    prometheus = Moments([1.0, 1.5, 2.0, 4.0])
    table = symptoms(prometheus, {"a": "x", "b": "never"}, fault, end_s=time.time() + 5).round(1)
    assert list(table["symptom"]) == ["the provider is away", "a", "a"]
    assert list(table["begin_s"]) == [0, 1, 4]
    assert list(table["end_s"]) == [2, 2.5, 4.5]
