"""The run as a long table of series over time: what the figures are drawn from."""

import itertools
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from eureke.errors import LoadFailed
from eureke.measure.evidence import Span
from eureke.measure.observer import Seen
from eureke.measure.sampler import Sample

STEP_S: Final = 0.25
LOOKS_LEAST: Final = 4
"""A straight line through fewer says nothing."""
TREND_S: Final = LOOKS_LEAST * STEP_S
"""So long at least a lag is looked at."""
Row = tuple[float, str, str, float]


def timeline(
    phase: str, *, span: Span, seen: Sequence[Seen], samples: Sequence[Sample], begin_ns: int
) -> pd.DataFrame:
    """Columns t_s (from the phase's first send), phase, series, value.

    Series: `sent_per_s`, `effects_per_s`, `receipts_per_s`, `lag`, `queue`, and for each process
    `cpu.<name>` (cores) and `rss_mib.<name>`.
    """
    sent = [pq.read_table(each.record, columns=["sent_ns"])["sent_ns"] for each in span.loads]
    sent_ns = np.concatenate([each.to_numpy() for each in sent])
    effects = [(each["t_ns"], len(each["effects"])) for each in span.effects()]
    rows: list[Row] = []
    rows += _rate(phase, "sent_per_s", sent_ns, np.ones(len(sent_ns)), begin_ns)
    rows += _rate(phase, "effects_per_s", *_columns(effects), begin_ns)
    receipts = [(each.t_ns, each.final) for each in seen if each.final]
    rows += _rate(phase, "receipts_per_s", *_columns(receipts), begin_ns)
    rows += _sampled(phase, samples, begin_ns)
    return pd.DataFrame(rows, columns=["t_s", "phase", "series", "value"])


def lag_trend(timeline: pd.DataFrame, phase: str, *, begin_s: float, end_s: float) -> float:
    """By how many a second those grew meanwhile that were sent and have no outcome.

    Kafka's own lag says the same later and by leaps: it falls when offsets are committed.

    Args:
        timeline: as `timeline` makes it.
        phase: of the load.
        begin_s: since the phase's first send.
        end_s: also.

    Raises:
        LoadFailed: the time is too short for a trend.
    """
    series = timeline[timeline["phase"] == phase].pivot_table(
        index="t_s", columns="series", values="value"
    )
    per_s = series.reindex(columns=["sent_per_s", "receipts_per_s"]).dropna(how="all").fillna(0.0)
    lag = (per_s["sent_per_s"] - per_s["receipts_per_s"]).cumsum() * STEP_S
    lag = lag[(lag.index > begin_s) & (lag.index < end_s)]
    if len(lag) < LOOKS_LEAST:
        raise LoadFailed(
            f"{len(lag)} looks at the lag between {begin_s:g} and {end_s:g} s tell no trend",
            remedy=f"look at it for {TREND_S:g} s or longer",
        )
    slope, _ = np.polyfit(lag.index, lag, 1)
    return float(slope)


def _columns(pairs: Sequence[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1].astype(float)


def _rate(
    phase: str, series: str, t_ns: np.ndarray, weights: np.ndarray, begin_ns: int
) -> Iterable[Row]:
    """Events per second in steps of a quarter second, in the middle of each."""
    if not len(t_ns):
        return []
    t_s = (t_ns - begin_ns) / 1e9
    steps = np.arange(0, max(t_s.max(), STEP_S) + STEP_S, STEP_S)
    counts, edges = np.histogram(np.clip(t_s, 0, None), bins=steps, weights=weights)
    middles = edges[:-1] + STEP_S / 2
    return [
        (float(at), phase, series, float(count) / STEP_S)
        for at, count in zip(middles, counts, strict=True)
    ]


def _sampled(phase: str, samples: Sequence[Sample], begin_ns: int) -> Iterable[Row]:
    for before, sample in itertools.pairwise(samples):
        t_s = (sample.t_ns - begin_ns) / 1e9
        passed_s = (sample.t_ns - before.t_ns) / 1e9
        if sample.lag is not None:
            yield t_s, phase, "lag", float(sample.lag)
        if sample.queue is not None:
            yield t_s, phase, "queue", float(sample.queue)
        for name, usage in sample.processes.items():
            yield t_s, phase, f"rss_mib.{name}", usage.rss_bytes / 2**20
            known = before.processes.get(name)
            if known is not None and known.created_s == usage.created_s:
                yield t_s, phase, f"cpu.{name}", (usage.cpu_s - known.cpu_s) / passed_s
