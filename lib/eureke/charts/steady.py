"""Latency and memory over the time of an open loop: whether anything creeps."""

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator

from eureke.charts.numbers import milliseconds, seconds
from eureke.charts.page import nothing, offered, page, place
from eureke.charts.series import Values, names, of_phase, series
from eureke.charts.style import (
    BLUE,
    GREY,
    INK,
    LINES,
    RECEIPT,
    SKY,
    SLATE,
    Chart,
    bare,
    look,
)
from eureke.measure.latency import SAMPLES_BEYOND

if TYPE_CHECKING:
    from eureke.measure.results import Result

PHASE: Final = "open-loop"
SPANS_MOST: Final = 60
IN_A_SPAN: Final = SAMPLES_BEYOND * 100
"""So many samples has a span at least, or its p99 is not told."""
NAMED: Final = 7
"""The largest processes have a line of their own, all others one together."""
STEPS_S: Final = (1, 2, 5, 10, 20, 60, 120, 300, 600, 1200, 3600)
QUANTILES: Final = (("p50", 0.5, BLUE), ("p99", 0.99, RECEIPT), ("slowest", 1.0, SLATE))


def figure_steady(result: "Result") -> Chart:
    """Percentiles of latency and the memory of each process, over the time of the open loop."""
    with look():
        return _drawn(result)


def memory(result: "Result") -> pd.DataFrame:
    """How much memory each process held in the second and in the last sixth of the open loop.

    Returns:
        A row for each process that was there in both, by its name: before_mib and after_mib
        (medians), grew_mib; the one that grew most comes first.
    """
    table = of_phase(result, PHASE)
    rows = []
    end_s = float(table["t_s"].max()) if len(table) else 0.0
    for name in names(table, "rss_mib."):
        t_s, mib = series(table, f"rss_mib.{name}")
        before = mib[(t_s >= end_s / 6) & (t_s < end_s / 3)]
        after = mib[t_s >= end_s * 5 / 6]
        if len(before) and len(after):
            told = {"before_mib": float(np.median(before)), "after_mib": float(np.median(after))}
            rows.append({"process": name} | told)
    found = pd.DataFrame(rows, columns=["process", "before_mib", "after_mib"])
    found["grew_mib"] = found["after_mib"] - found["before_mib"]
    return found.set_index("process").sort_values("grew_mib", ascending=False)


def _drawn(result: "Result") -> Chart:
    samples, table = result.samples, of_phase(result, PHASE)
    told = memory(result)
    chart = page(
        result,
        name="steady",
        finding=_finding(samples, told),
        method=f"n = {len(samples):,}, one run, open loop, {offered(result.run)}, "
        "counted from the time each was meant to be sent",
        height_in=6.6,
        phase=PHASE,
    )
    if len(samples) < IN_A_SPAN:
        return nothing(chart, f"Fewer than {IN_A_SPAN:,} samples say nothing of how it went on.")
    grid = chart.add_gridspec(
        2, 1, height_ratios=[1.2, 1], hspace=0.38,
        **place(chart, left_in=0.95, right_in=2.05, under_in=0.42, over_in=0.3),
    )  # fmt: skip
    upper, lower = chart.add_subplot(grid[0, 0]), chart.add_subplot(grid[1, 0])
    _latency(upper, samples)
    _memory(lower, table)
    end_s = float(samples["intended_s"].max())
    for axes in (upper, lower):
        axes.set_xlim(0, end_s)
        axes.set_xticks(ticks_s := _whole(end_s), [_time(tick_s) for tick_s in ticks_s])
    lower.set_xlabel("since the first was meant to be sent", labelpad=6)
    return chart


def _finding(samples: pd.DataFrame, told: pd.DataFrame) -> str:
    if len(samples) < IN_A_SPAN:
        return "Too short to see whether anything creeps"
    end_s = float(samples["intended_s"].max())
    thirds = [
        float(samples.loc[samples["intended_s"].between(*span), "receipt_ms"].quantile(0.99))
        for span in ((0, end_s / 3), (end_s * 2 / 3, end_s))
    ]
    first = f"p99 was {milliseconds(thirds[0])} ms in the first third and "
    first += f"{milliseconds(thirds[1])} ms in the last"
    if told.empty:
        return first
    grew = float(told["grew_mib"].iloc[0])
    if grew < 1:
        return f"{first}; no process holds more memory at the end"
    return f"{first}; {told.index[0]} grew most, by {grew:,.0f} MiB"


def _latency(axes: Axes, samples: pd.DataFrame) -> None:
    bare(axes, grid="y")
    spans = max(1, min(SPANS_MOST, len(samples) // IN_A_SPAN))
    edges = np.linspace(0, float(samples["intended_s"].max()), spans + 1)
    which = np.clip(np.searchsorted(edges, samples["intended_s"], side="right") - 1, 0, spans - 1)
    waits = samples["receipt_ms"].groupby(which)
    middles = (edges[:-1] + edges[1:]) / 2
    free = 0.0
    for name, quantile, colour in QUANTILES:
        found = waits.quantile(quantile)
        at = middles[found.index.to_numpy()]
        axes.plot(at, found, color=colour, marker="o" if spans < 3 else "")
        free = max(float(found.iloc[-1]), 1.25 * free)
        _named(axes, free, name, colour)
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(lambda value, _at: f"{value:g} ms")
    each = f"each point: {seconds(edges[1] - edges[0])}"
    axes.set_title(f"Latency to the receipt, logarithmic; {each}", color=INK)


def _memory(axes: Axes, table: pd.DataFrame) -> None:
    bare(axes, grid="y")
    found = {name: series(table, f"rss_mib.{name}") for name in names(table, "rss_mib.")}
    lasting = {name: line for name, line in found.items() if len(line[0])}
    order = sorted(lasting, key=lambda name: -float(np.median(lasting[name][1])))
    free = float("inf")
    most = max((float(lasting[name][1].max()) for name in order), default=1.0)
    for name, colour in zip(order[:NAMED], LINES, strict=False):
        t_s, mib = _thinned(*lasting[name])
        axes.plot(t_s, mib, color=colour, linewidth=1.4)
        at = min(free - most * 0.11, float(mib[-1]))
        free = at
        _named(axes, at, f"{name}  {mib[-1]:,.0f} MiB", colour)
    for name in order[NAMED:]:
        axes.plot(*_thinned(*lasting[name]), color=SKY, linewidth=0.8, alpha=0.6)
    axes.set_ylim(bottom=min(0.0, free - most * 0.05), top=most * 1.08)
    axes.set_yticks([tick for tick in axes.get_yticks() if 0 <= tick <= most * 1.08])
    axes.set_title("Memory of each process, MiB", color=INK)


def _whole(end_s: float) -> range:
    """Whole seconds or minutes within the time, few enough for their words."""
    step_s = next((step for step in STEPS_S if end_s <= 7 * step), STEPS_S[-1])
    return range(0, int(end_s) + 1, step_s)


def _time(value_s: float) -> str:
    return f"{value_s:g} s" if value_s < 300 else f"{value_s / 60:g} min"


def _named(axes: Axes, y: float, words: str, colour: str) -> None:
    axes.annotate(
        words, (1, y), (8, 0), xycoords=axes.get_yaxis_transform(), textcoords="offset points",
        va="center", fontsize=8.5, color=colour if colour != SKY else GREY, annotation_clip=False,
    )  # fmt: skip


def _thinned(t_s: Values, values: Values) -> tuple[Values, Values]:
    """About as many points as a screen has columns for them."""
    step = len(t_s) // 600 + 1
    return t_s[::step], values[::step]
