"""A burst as it is seen by who looks once a second, and by who looks more rarely."""

from collections.abc import Iterator, Sequence
from typing import Final

import pandas as pd

from eureke.measure.prometheus import Prometheus
from eureke.measure.sampler import read_samples
from eureke.stack.stack import Stack

BACKLOG: Final = 'eureke_kafka_lag_records{topic=~".*bulk"}'
READ: Final = 'eureke_dispatcher_records_total{lane="bulk"}'
SAMPLER: Final = "sampler"
Row = tuple[str, int, int, float, float]


def scrapes(
    stack: Stack,
    prometheus: Prometheus,
    *,
    begin_s: float,
    end_s: float,
    every: Sequence[int] = (1, 5, 15),
) -> pd.DataFrame:
    """The backlog in Kafka (a gauge) and the records read (a counter), by samples left out.

    Args:
        stack: has a sampler of its own, which looks four times a second.
        prometheus: has asked for them once a second.
        begin_s: the first moment, in Unix time; `t_s` counts from it.
        end_s: the last one.
        every: of the samples, one in so many is kept.

    Returns:
        A row for each sample: kind (`backlog` or `read`, or `sampler`: the backlog four times a
        second), every, offset (how many were left out at the beginning), t_s, value.
    """
    rows: list[Row] = [
        (SAMPLER, 0, 0, each.wall_s - begin_s, float(each.lag))
        for each in read_samples(stack.shared / "samples.ndjson")
        if each.lag is not None and begin_s <= each.wall_s <= end_s
    ]
    for kind, metric in (("backlog", BACKLOG), ("read", READ)):
        samples = _samples(prometheus, metric, begin_s, end_s)
        for each in every:
            rows += _thinned(kind, samples, each, begin_s)
    return pd.DataFrame(rows, columns=["kind", "every", "offset", "t_s", "value"])


def _samples(
    prometheus: Prometheus, metric: str, begin_s: float, end_s: float
) -> "pd.Series[float]":
    """As they were taken, all series of a moment together."""
    found = prometheus.now(f"{metric}[{end_s - begin_s:.0f}s]", at_s=end_s)
    return found.groupby("time_s")["value"].sum().sort_index()


def _thinned(kind: str, samples: "pd.Series[float]", every: int, begin_s: float) -> Iterator[Row]:
    for offset in range(every):
        for time_s, value in samples.iloc[offset::every].items():
            yield kind, every, offset, float(str(time_s)) - begin_s, float(value)
