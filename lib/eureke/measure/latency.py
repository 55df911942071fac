"""Latency of an open loop: from the time a notification was meant to be sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet as pq
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogWriter

from eureke.measure.evidence import Sent, Span
from eureke.measure.observer import Seen

STAGES: Final = ("send_lag", "kafka", "dispatch", "queue", "provider", "receipt_topic")
"""In the order of the way; each begins where the one before ends, and they add up to receipt."""
QUANTILES: Final = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99_9": 0.999}
SAMPLES_BEYOND: Final = 10
"""A percentile is told only where at least so many samples lie beyond it."""
MS: Final = 1e6


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Percentiles in milliseconds of n samples; None where too few lie beyond."""

    n: int
    p50: float | None
    p90: float | None
    p99: float | None
    p99_9: float | None
    max: float | None


def may_be_told(n: int, quantile: float) -> bool:
    """Whether enough of n samples lie beyond a percentile."""
    # 1 - 0.9 is a little less than a tenth.
    return round(n * (1 - quantile), 6) >= SAMPLES_BEYOND


def percentiles(values: npt.NDArray[np.float64]) -> Percentiles:
    """Exact percentiles of all samples, never an average of percentiles."""
    n = len(values)
    told = {
        name: float(np.quantile(values, quantile, method="higher"))
        if may_be_told(n, quantile)
        else None
        for name, quantile in QUANTILES.items()
    }
    return Percentiles(n=n, max=float(values.max()) if n else None, **told)


def samples(span: Span, seen: Sequence[Seen], load: Sent) -> pd.DataFrame:
    """A row for each delivered notification of one load of the span, in the order of sending.

    The index, `seq`, is the record's number in its load. Columns in milliseconds: `intended_s`
    (from the load's start), `effect_ms`, `receipt_ms` (both from the intended time) and
    `<stage>_ms` for each of STAGES.
    """
    sent = _sent(load)
    wanted = set(sent["id"])
    batches, items = _receipts(span, seen, wanted)
    effects = _effects(span, wanted)
    rows = pd.DataFrame(sent.join(items, on="id", how="inner").join(batches, on="batch"))
    rows["effect_ns"] = rows["id"].map(effects)
    times = ["intended_ns", "sent_ns", "polled_ns", "queued_ns", "started_ns", "answered_ns"]
    table: dict[str, Any] = {
        "intended_s": (rows["intended_ns"] - sent["intended_ns"].min()) / 1e9,
        "effect_ms": (rows["effect_ns"] - rows["intended_ns"]) / MS,
        "receipt_ms": (rows["seen_ns"] - rows["intended_ns"]) / MS,
    }
    for stage, begin, end in zip(STAGES, times, [*times[1:], "seen_ns"], strict=True):
        table[f"{stage}_ms"] = (rows[end] - rows[begin]) / MS
    return pd.DataFrame(table).set_index(rows["seq"])


def send_lag_ms(sent: Path) -> npt.NDArray[np.float64]:
    """How late each record was sent."""
    table = pq.read_table(sent, columns=["intended_ns", "sent_ns"])
    lag: npt.NDArray[np.float64] = (
        table["sent_ns"].to_numpy() - table["intended_ns"].to_numpy()
    ) / MS
    return lag


def _sent(load: Sent) -> pd.DataFrame:
    rows = pq.read_table(load.load / "load.parquet", columns=["seq", "id", "expected"]).to_pandas()
    sent = pq.read_table(load.record, columns=["seq", "intended_ns", "sent_ns"]).to_pandas()
    both = sent.merge(rows, on="seq")
    return pd.DataFrame(both[both["expected"] == "delivered"])


def _receipts(
    span: Span, seen: Sequence[Seen], wanted: set[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The times of each batch with wanted ids, and the batch of each one's first delivery."""
    seen_ns = {each.place: each.t_ns for each in seen if each.topic == "receipts"}
    batches, ids, of = [], [], []
    for place, receipt in span.receipts():
        found = [at.id for at in receipt.delivered if at.id in wanted]
        if not found or place not in seen_ns:
            continue
        batches.append(
            (
                place,
                receipt.polled_ns,
                receipt.queued_ns,
                receipt.started_ns,
                receipt.answered_ns,
                seen_ns[place],
            )
        )
        ids += found
        of += [place] * len(found)
    columns = ["batch", "polled_ns", "queued_ns", "started_ns", "answered_ns", "seen_ns"]
    items = pd.DataFrame({"id": ids, "batch": of}).drop_duplicates("id").set_index("id")
    return pd.DataFrame(batches, columns=columns).set_index("batch"), items


def _effects(span: Span, wanted: set[str]) -> dict[str, int]:
    """The time of each wanted id's first effect."""
    first: dict[str, int] = {}
    for effects in span.effects():
        for each in wanted.intersection(effects["effects"]):
            first.setdefault(each, effects["t_ns"])
    return first


def write_hdr(table: pd.DataFrame, path: Path) -> None:
    """Writes an HDR log with one tagged histogram for each latency and stage, in microseconds."""
    with path.open("w") as file:
        writer = HistogramLogWriter(file)
        writer.output_log_format_version()
        writer.output_legend()
        for name in [column for column in table.columns if column.endswith("_ms")]:
            histogram = HdrHistogram(1, 600_000_000, 3)
            for value_ms in table[name].dropna():
                histogram.record_value(max(1, round(value_ms * 1000)))
            file.write(
                f"Tag={name.removesuffix('_ms')},"
            )  # the library reads tags, and writes none
            writer.output_interval_histogram(histogram)
