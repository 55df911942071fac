"""How long it takes at each offered load, beside what a queue foretells."""

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator

from eureke.charts.lesson import lesson
from eureke.charts.numbers import milliseconds, rate, scaled
from eureke.charts.page import place
from eureke.charts.style import BAD, BLUE, GREEN, GREY, INK, ORANGE, SLATE, Chart, bare, look
from eureke.theory import Queue

if TYPE_CHECKING:
    from eureke.measure.results import Result

LINES: Final = (("p50_ms", "p50", BLUE), ("p90_ms", "p90", GREEN), ("p99_ms", "p99", ORANGE))
SHARE: Final = 0.9
"""The percentile that a queue is asked for, too."""


def figure_levels(result: "Result") -> Chart:
    """Percentiles over the offered load, with M/M/c dashed."""
    with look():
        return _drawn(result)


def _drawn(result: "Result") -> Chart:
    table = result.table("levels").sort_values("offered_per_s")
    servers, service_ms = int(table["servers"].iloc[0]), float(table["service_ms"].iloc[0])
    capacity_per_s = 1000 * servers / service_ms
    chart = lesson(
        result,
        name="levels",
        finding=_finding(table, capacity_per_s),
        method=f"open loop, random arrivals, n = {int(table['n'].min()):,} to "
        f"{int(table['n'].max()):,} a point; {servers} threads, one notification a task; "
        "dashed: the first p90 and the wait that M/M/c foretells",
        height_in=4.9,
    )
    grid = chart.add_gridspec(
        1, 1, **place(chart, left_in=0.95, right_in=1.1, under_in=0.48, over_in=0.3)
    )
    axes = chart.add_subplot(grid[0, 0])
    _lines(axes, table)
    _theory(axes, table, servers, service_ms)
    _axes(axes, table, capacity_per_s)
    return chart


def _finding(table: pd.DataFrame, capacity_per_s: float) -> str:
    calm = table.iloc[0]
    near = table[table["offered_per_s"] < capacity_per_s].iloc[-1]
    busy = [each["offered_per_s"] / capacity_per_s for each in (calm, near)]
    return (
        f"From {busy[0]:.0%} to {busy[1]:.0%} of what it can do the p90 grows from "
        f"{milliseconds(calm['p90_ms'])} to {milliseconds(near['p90_ms'])} ms"
    )


def _lines(axes: Axes, table: pd.DataFrame) -> None:
    bare(axes, grid="y")
    for column, name, colour in LINES:
        rows = table.dropna(subset=[column])
        if rows.empty:
            continue
        axes.plot(rows["offered_per_s"], rows[column], color=colour)
        for on_time, fill in ((True, colour), (False, "white")):
            some = rows[rows["on_time"] == on_time]
            axes.plot(some["offered_per_s"], some[column], "o", color=colour, markersize=5,
                      markerfacecolor=fill, linestyle="none")  # fmt: skip
        end = rows.iloc[-1]
        axes.annotate(name, (end["offered_per_s"], end[column]), (8, 0), va="center",
                      textcoords="offset points", fontsize=9, color=colour,
                      annotation_clip=False)  # fmt: skip


def _theory(axes: Axes, table: pd.DataFrame, servers: int, service_ms: float) -> None:
    calm_ms = float(table["p90_ms"].iloc[0])
    capacity_per_s = 1000 * servers / service_ms
    rates = np.linspace(0.02, 0.995, 90) * capacity_per_s
    queues = [Queue(rate_per_s=each, service_ms=service_ms, servers=servers) for each in rates]
    axes.plot(rates, [calm_ms + each.wait_quantile_ms(SHARE) for each in queues], color=SLATE,
              linewidth=1.1, dashes=(4, 3))  # fmt: skip


def _axes(axes: Axes, table: pd.DataFrame, capacity_per_s: float) -> None:
    columns = [column for column, *_ in LINES]
    low, high = float(table[columns].min().min()), float(table[columns].max().max())
    axes.axvline(capacity_per_s, color=BAD, linewidth=1, dashes=(2, 2))
    axes.annotate(f"all it can do: {rate(capacity_per_s)}", (capacity_per_s, 1), (-5, -4),
                  xycoords=axes.get_xaxis_transform(), textcoords="offset points", ha="right",
                  va="top", fontsize=8.5, color=BAD)  # fmt: skip
    axes.set_yscale("log")
    axes.set_ylim(low / 1.5, high * 1.8)
    axes.set_xlim(0, max(capacity_per_s, float(table["offered_per_s"].max())) * 1.03)
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(lambda value, _at: f"{value:g} ms")
    axes.xaxis.set_major_formatter(lambda value, _at: scaled(value))
    axes.set_title("From when it was due to its receipt, logarithmic; hollow: the sender was late",
                   color=INK)  # fmt: skip
    axes.set_xlabel("offered load, notifications a second", labelpad=6)
    axes.spines["bottom"].set_color(GREY)
