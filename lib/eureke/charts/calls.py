"""Calls over time while something is done to what answers them."""

from typing import TYPE_CHECKING, Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from eureke.charts.lesson import lesson
from eureke.charts.numbers import three_digits
from eureke.charts.page import place
from eureke.charts.style import BAD, BLUE, GREEN, GREY, INK, ORANGE, RULE, Chart, bare, look
from eureke.measure.calls import bad

if TYPE_CHECKING:
    from eureke.measure.results import Result

COLOURS: Final = {"api-1": BLUE, "api-2": ORANGE, "api-3": GREEN}


def figure_calls(result: "Result") -> Chart:
    """Every call as a dot: when it was due, how long it took, who answered; and what was done."""
    with look():
        return _drawn(result)


def _drawn(result: "Result") -> Chart:
    table, events = result.table("calls"), result.table("calls-events")
    per_s = len(table) / float(table["t_s"].max() or 1)
    chart = lesson(
        result,
        name="calls",
        finding=_finding(table),
        method=f"open loop at {per_s:,.0f} calls a second, n = {len(table):,}, half of them "
        "notifications with a key; a dot each, by who answered; the grey band is the time "
        "that it took",
        height_in=4.5,
    )
    grid = chart.add_gridspec(
        1, 1, **place(chart, left_in=0.95, right_in=0.42, under_in=0.45, over_in=0.6)
    )
    axes = chart.add_subplot(grid[0, 0])
    bare(axes, grid="y")
    _events(axes, events)
    _dots(axes, table)
    axes.set_yscale("log")
    axes.set_xlim(0, float(table["t_s"].max()))
    axes.yaxis.set_major_formatter(lambda value, _at: f"{value:g} ms")
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("seconds since the first call", labelpad=6)
    return chart


def _finding(table: pd.DataFrame) -> str:
    again = int((table["tries"] > 1).sum())
    p99 = float(table["took_ms"].quantile(0.99))
    lost = f"{int(bad(table).sum()):,} of {len(table):,} calls failed"
    return f"{lost}, {again:,} were sent again by the client; p99 {three_digits(p99)} ms"


def _dots(axes: Axes, table: pd.DataFrame) -> None:
    lost = bad(table)
    for name, rows in table[~lost].groupby("replica"):
        colour = COLOURS.get(str(name), GREY)
        axes.plot(
            rows["t_s"], rows["took_ms"], ".", color=colour, markersize=3.5, alpha=0.6,
            markeredgewidth=0, label=str(name) or "not known",
        )  # fmt: skip
    if lost.any():
        rows = table[lost]
        axes.plot(rows["t_s"], rows["took_ms"], "x", color=BAD, markersize=6, label="failed")
    axes.legend(
        loc="lower right", bbox_to_anchor=(1.0, 1.14), ncols=4, frameon=False, fontsize=8,
        labelcolor=GREY, handletextpad=0.1, columnspacing=1.0, markerscale=2.5,
    )  # fmt: skip


def _events(axes: Axes, events: pd.DataFrame) -> None:
    for number, event in enumerate(events.itertuples()):
        axes.axvspan(event.begin_s, event.end_s, color=RULE, linewidth=0)  # type: ignore[arg-type]
        axes.axvline(event.begin_s, color=GREY, linewidth=0.9)  # type: ignore[arg-type]
        above = 3 + 13 * (number % 2)
        axes.annotate(
            str(event.what), (event.begin_s, 1.0), (3, above), textcoords="offset points",
            xycoords=axes.get_xaxis_transform(), fontsize=8.5, color=INK,
        )  # fmt: skip
