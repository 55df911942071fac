"""Several results of one scenario beside each other: the median, and how far they lie apart."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from eureke.errors import ResultUnreadable
from eureke.measure.latency import percentiles
from eureke.measure.ratios import interval
from eureke.measure.results import Result, backend_text

ROWS: Final[tuple[tuple[str, tuple[str | int, ...]], ...]] = (
    ("stack up, s", ("stack_up_s",)),
    ("first send to last receipt, s", ("wall_s",)),
    ("notifications a second", ("throughput_per_s",)),
    ("Kafka's floor, s", ("kafka_floor_s",)),
    ("ratio to the floor", ("floor_ratio",)),
    ("receipt p50, ms", ("receipt_ms", "p50")),
    ("receipt p99, ms", ("receipt_ms", "p99")),
    ("urgent beside the load, receipt p50, ms", ("urgent_ms", "p50")),
    ("urgent beside the load, slowest receipt, ms", ("urgent_ms", "max")),
    ("one task and one POST each, a second", ("peers", 0, "throughput_per_s")),
    ("times as fast as that", ("peers", 0, "times_as_fast")),
    ("CPU of the system, s", ("system_cpu_s",)),
    ("CPU of the equipment, s", ("equipment_cpu_s",)),
    ("memory of all processes, MiB", ("peak_rss_mib",)),
)


def spread_table(results: Sequence[Result]) -> str:
    """A table in Markdown: median, least, most and interval of each figure over the results.

    Raises:
        ResultUnreadable: they are of different sizes, or one was aborted.
    """
    for result in results:
        if result.summary.get("aborted"):
            raise ResultUnreadable(
                f"{result.run_id} was aborted", remedy="leave it out, or run it again"
            )
    sizes = {result.run["scenario"]["count"] for result in results}
    if len(sizes) != 1:
        raise ResultUnreadable(
            f"the results are of different sizes: {sorted(sizes)}",
            remedy="name results of the same scenario",
        )
    lines = [_heading(results), "", "| | median | least | most | 95 % of the median |"]
    lines.append("|---|---|---|---|---|")
    for label, path in ROWS:
        values = [value for value in (at(each.summary, path) for each in results) if value]
        if values:
            told = (statistics.median(values), min(values), max(values))
            sure = interval(values)
            ends = " to ".join(number(end) for end in sure) if sure else "too few runs"
            lines.append(f"| {label} | {' | '.join(map(number, told))} | {ends} |")
    lines += _pooled(results)
    lines.append(f"\n{believed(results)}")
    return "\n".join(lines)


def believed(results: Sequence[Result]) -> str:
    """How many of the results may be believed."""
    accounted, valid = (
        sum(bool(each.summary[name]) for each in results) for name in ("accounted", "valid")
    )
    return f"Accounted {accounted} of {len(results)}, valid {valid} of {len(results)}."


def _pooled(results: Sequence[Result]) -> list[str]:
    """What a single run has too few samples for: percentiles of all runs' samples together."""
    tables = [each.urgent for each in results]
    waits_ms = [table[table["phase"] == "flat-out"]["receipt_ms"].dropna() for table in tables]
    told = percentiles(pd.concat(waits_ms).to_numpy(dtype=float))
    if told.p99 is None:
        return []
    line = (
        "\nUrgent ones beside the load, to the receipt, the samples of all runs together "
        f"(n = {told.n:,}): p50 {told.p50:.0f}, p99 {told.p99:.0f}, slowest {told.max:.0f} ms."
    )
    return [line]


def _heading(results: Sequence[Result]) -> str:
    first = results[0].run
    machine, scenario = first["machine"], first["scenario"]
    runs = ", ".join(f"`{each.run_id}`" for each in results)
    return (
        f"{len(results)} runs of {scenario['count']:,} notifications ({runs}); "
        f"{machine['processor']}, {machine['cores_usable']:g} cores, everything on them; "
        f"backend {backend_text(first)}; provider {scenario['latency_median_ms']:g} ms, "
        f"{scenario['item_failure_share']:.1%} of items fail at first, "
        f"{scenario['provider_items_per_request']} items a request; {first['notes']}."
    )


def at(summary: Mapping[str, Any], path: Sequence[str | int]) -> float | None:
    """A number of a summary; None where it was not measured."""
    value: Any = summary
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return None if value is None else float(value)


def number(value: float) -> str:
    """As a reader takes it in."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}"
