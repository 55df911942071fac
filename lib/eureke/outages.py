"""Outages: a provider that is away for a while of an open loop, and what that cost."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import pandas as pd

from eureke.measure.observer import Seen
from eureke.phase import Outage, Plan, Toll, plan
from eureke.scenario import Scenario

LEAD_S: Final = 5.0
"""Open loop before and after, in which all is well."""
MISHAPS: Final = {"down": "reset_before_share", "storm": "throttled_share"}


def outages(scenario: Scenario) -> list[Outage]:
    """Those that the scenario asks for."""
    return [
        *(Outage(kind="down", seconds=each) for each in scenario.outages_s),
        *(Outage(kind="storm", seconds=each) for each in scenario.storms_s),
    ]


def away(scenario: Scenario, outage: Outage) -> Plan:
    """An open loop at the hourly rate that is longer than the outage on both sides."""
    lasts_s = LEAD_S + outage.seconds + LEAD_S
    return plan(
        scenario,
        name=outage.name,
        count=max(1, round(lasts_s * scenario.rate_per_s)),
        arrivals=scenario.arrivals,
        latency_median_ms=scenario.open_loop_latency_median_ms,
        item_failure_share=scenario.open_loop_item_failure_share,
    )


class Absence:
    """Takes the provider away and brings it back, looked after from a load's loop."""

    def __init__(
        self,
        outage: Outage,
        change: Callable[[Mapping[str, Any]], None],
        *,
        lead_s: float = LEAD_S,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.outage = outage
        self._lead_ns = lead_s * 1e9
        self._change = change
        self._clock = clock
        self._began_ns = 0
        self.gone_ns = 0
        self.back_ns = 0

    def __call__(self, _share: float) -> None:
        """Acts when it is time: after the lead, and when the outage has lasted."""
        now_ns = self._clock()
        self._began_ns = self._began_ns or now_ns
        mishap = MISHAPS[self.outage.kind]
        if not self.gone_ns and now_ns - self._began_ns >= self._lead_ns:
            self._change({mishap: 1.0})
            self.gone_ns = self._clock()
        elif self.gone_ns and not self.back_ns and now_ns - self.gone_ns >= self._lasts_ns:
            self._change({mishap: 0.0})
            self.back_ns = self._clock()

    @property
    def _lasts_ns(self) -> float:
        return self.outage.seconds * 1e9

    def toll(self, table: pd.DataFrame, seen: Sequence[Seen], *, begin_ns: int) -> Toll:
        """What it cost.

        Args:
            table: the load's latencies, as `measure.latency.samples` gives them.
            seen: every receipt of the load.
            begin_ns: when the load's first notification was meant to be sent.
        """
        gone_s, back_s = (self.gone_ns - begin_ns) / 1e9, (self.back_ns - begin_ns) / 1e9
        before = table[table["intended_s"] < back_s]
        receipts_s = before["intended_s"] + before["receipt_ms"] / 1000
        return Toll(
            gone_s=gone_s,
            back_s=back_s,
            drained_s=max(0.0, float(receipts_s.max()) - back_s) if len(before) else 0.0,
            refused=sum(each.refused for each in seen),
            retried=sum(each.retry for each in seen),
        )
