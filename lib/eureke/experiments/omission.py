"""Coordinated omission: what two kinds of senders notice of a system that stands still.

The name is Gil Tene's, "How NOT to Measure Latency", 2013: a sender that waits for the system
leaves out just those samples that would have been bad.
"""

from typing import Any, Final

import numpy as np
import pandas as pd
from hdrh.histogram import HdrHistogram

from eureke.experiments.passing import closed, passing
from eureke.experiments.standstill import Pause, once_taken, standing_still
from eureke.measure.latency import percentiles
from eureke.phase import plan
from eureke.scenario import Scenario
from eureke.stack.stack import Stack

OPEN, CLOSED = "open loop", "closed loop"
FROM: Final = {"from_intended_ms": "meant to be sent", "from_sent_ms": "really sent"}


def omission(
    stack: Stack,
    scenario: Scenario,
    *,
    rate_per_s: float,
    seconds: float,
    pause_s: float,
    clients: int,
    frozen: str = "redis-queue",
) -> pd.DataFrame:
    """The same schedule by a sender that never waits and by one that does, each with one pause.

    Args:
        stack: with its application.
        scenario: of the stack.
        rate_per_s: of the schedule.
        seconds: of it; the pause is about in its middle.
        pause_s: for so long a service stands still.
        clients: of the sender that waits: so many are under way at most.
        frozen: the service.

    Returns:
        A row for each delivered notification: sender, intended_s and sent_s (since the first was
        meant to be sent), from_intended_ms and from_sent_ms (to its receipt), and the pause as
        pause_s and resume_s.
    """
    values: dict[str, Any] = {
        "count": round(rate_per_s * seconds),
        "arrivals": "constant",
        "rate_per_s": rate_per_s,
        "latency_median_ms": scenario.open_loop_latency_median_ms,
        "item_failure_share": 0.0,
    }
    half = values["count"] // 2
    with passing(stack, scenario) as run:
        run.send(plan(scenario, name="before", **values | {"count": round(rate_per_s)}))
        with standing_still(stack, frozen, once=once_taken(stack, half), lasts_s=pause_s) as pause:
            waited = run.wait_each(plan(scenario, name="waiting", **values), clients=clients)
        tables = [_waited(waited, pause)]
        with standing_still(stack, frozen, once=once_taken(stack, half), lasts_s=pause_s) as pause:
            phase = closed(run.send(plan(scenario, name="open-loop", **values)))
        tables.append(_never_waited(run.close().samples, phase.began_ns, pause))
    return pd.concat(tables[::-1], ignore_index=True)


def _waited(table: pd.DataFrame, pause: Pause) -> pd.DataFrame:
    zero_ns = table["intended_ns"].min()
    return pd.DataFrame(
        {
            "sender": CLOSED,
            "intended_s": (table["intended_ns"] - zero_ns) / 1e9,
            "sent_s": (table["sent_ns"] - zero_ns) / 1e9,
            "from_intended_ms": (table["done_ns"] - table["intended_ns"]) / 1e6,
            "from_sent_ms": (table["done_ns"] - table["sent_ns"]) / 1e6,
            "pause_s": (pause.begin_ns - zero_ns) / 1e9,
            "resume_s": (pause.end_ns - zero_ns) / 1e9,
        }
    )


def _never_waited(samples: pd.DataFrame, zero_ns: int, pause: Pause) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "sender": OPEN,
            "intended_s": samples["intended_s"],
            "sent_s": samples["intended_s"] + samples["send_lag_ms"] / 1000,
            "from_intended_ms": samples["receipt_ms"],
            "from_sent_ms": samples["receipt_ms"] - samples["send_lag_ms"],
            "pause_s": (pause.begin_ns - zero_ns) / 1e9,
            "resume_s": (pause.end_ns - zero_ns) / 1e9,
        }
    )


def noticed(table: pd.DataFrame, *, interval_ms: float) -> pd.DataFrame:
    """Percentiles of each sender by each clock, and those of a closed loop once corrected.

    Args:
        table: of `omission`.
        interval_ms: of the schedule; for each wait that is longer, the samples that were left out
            are put back, each an interval shorter than the one before (HdrHistogram's correction).

    Returns:
        A row for each: sender, counted from, n, p50, p90, p99 and max in milliseconds.
    """
    rows = [
        _told(str(sender), words, rows[column].to_numpy(dtype=float))
        for sender, rows in table.groupby("sender", sort=False)
        for column, words in FROM.items()
    ]
    waits_ms = table.loc[table["sender"] == CLOSED, "from_sent_ms"]
    rows.append(_told(CLOSED, "really sent, corrected", corrected(waits_ms, interval_ms)))
    return pd.DataFrame(rows)


def corrected(waits_ms: "pd.Series[float]", interval_ms: float) -> np.ndarray:
    """The waits with those that a sender left out while it waited."""
    histogram = HdrHistogram(1, 600_000_000, 3)
    for each in waits_ms:
        histogram.record_corrected_value(max(1, round(each * 1000)), round(interval_ms * 1000))
    found = [
        each.value_iterated_to / 1000
        for each in histogram.get_recorded_iterator()
        for _ in range(each.count_at_value_iterated_to)
    ]
    return np.array(found)


def _told(sender: str, words: str, waits_ms: np.ndarray) -> dict[str, Any]:
    found = percentiles(waits_ms)
    told = {name: getattr(found, name) for name in ("n", "p50", "p90", "p99", "max")}
    return {"sender": sender, "counted from": words} | told
