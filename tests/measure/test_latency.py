"""Percentiles and what may be told."""

from pathlib import Path

import numpy as np
import pandas as pd
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

from eureke.measure.latency import percentiles, write_hdr


def test_a_percentile_is_told_only_where_ten_samples_lie_beyond_it() -> None:
    """With 999 samples there is no p99; with 1,000 there is."""
    few = percentiles(np.arange(999, dtype=float))
    enough = percentiles(np.arange(1000, dtype=float))
    assert few.p90 is not None
    assert few.p99 is None
    assert enough.p99 == 990
    assert enough.p99_9 is None
    assert percentiles(np.arange(10_000, dtype=float)).p99_9 == 9990


def test_exactly_ten_beyond_are_enough() -> None:
    """A hundred samples have a p90, though 1 - 0.9 is a little less than a tenth to a computer."""
    assert percentiles(np.arange(100.0)).p90 is not None
    assert percentiles(np.arange(99.0)).p90 is None
    assert percentiles(np.arange(10_000.0)).p99_9 is not None


def test_no_samples_are_no_percentiles() -> None:
    """Nothing is made up."""
    none = percentiles(np.array([]))
    assert (none.n, none.p50, none.max) == (0, None, None)


def test_the_hdr_log_gives_the_values_back(tmp_path: Path) -> None:
    """One tagged histogram for each column, in microseconds, three digits true."""
    path = tmp_path / "latency.hdr"
    table = pd.DataFrame({"effect_ms": np.arange(1, 2001) / 10, "intended_s": 0.0})
    write_hdr(table, path)
    reader = HistogramLogReader(str(path), HdrHistogram(1, 600_000_000, 3))
    histogram = reader.get_next_interval_histogram()
    assert histogram.get_tag() == "effect"
    assert histogram.get_total_count() == 2000
    assert abs(histogram.get_value_at_percentile(50) - 100_000) <= 100
