"""A system that stands still for a while, as two kinds of senders see it."""

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from eureke.charts.lesson import lesson
from eureke.charts.numbers import milliseconds
from eureke.charts.page import place
from eureke.charts.style import BAD, BLUE, GREY, INK, ORANGE, RULE, VERMILION, Chart, bare, look

if TYPE_CHECKING:
    from eureke.measure.results import Result

OPEN, CLOSED = "open loop", "closed loop"
CURVES: Final = (
    (OPEN, "from_intended_ms", "open loop", BLUE, "solid"),
    (CLOSED, "from_intended_ms", "closed loop, from when it was meant to be sent", ORANGE, "solid"),
    (CLOSED, "from_sent_ms", "closed loop, from when it was sent", VERMILION, "solid"),
)
MARKS: Final = ((0.5, "p50"), (0.9, "p90"), (0.99, "p99"), (0.999, "p99.9"))
DECADES: Final = (1, 10, 100, 1_000, 10_000)


def figure_omission(result: "Result") -> Chart:
    """Percentiles by each clock, and when each sender sent anything at all."""
    with look():
        return _drawn(result)


def _drawn(result: "Result") -> Chart:
    table = result.table("omission")
    first = table.iloc[0]
    stood_s = float(first["resume_s"] - first["pause_s"])
    chart = lesson(
        result,
        name="omission",
        finding=_finding(table, stood_s),
        method=f"n = {int(table.groupby('sender').size().min()):,} each, the same schedule; "
        f"a Redis stands still for {stood_s:.1f} s; to the receipt",
        height_in=6.4,
    )
    grid = chart.add_gridspec(
        2, 2, height_ratios=[1.25, 1], width_ratios=[1, 1], hspace=0.55, wspace=0.16,
        **place(chart, left_in=0.95, right_in=0.5, under_in=0.45, over_in=0.35),
    )  # fmt: skip
    _percentiles(chart.add_subplot(grid[0, :]), table)
    scatters = [chart.add_subplot(grid[1, column]) for column in range(2)]
    for axes, sender, colour in zip(scatters, (OPEN, CLOSED), (BLUE, VERMILION), strict=True):
        _sent(axes, table[table["sender"] == sender], sender, colour)
    top = float(table["from_sent_ms"].max()) * 1.6
    for axes in scatters:
        axes.set_ylim(max(0.5, float(table["from_sent_ms"].min()) / 1.6), top)
    scatters[1].tick_params(labelleft=False)
    return chart


def _finding(table: pd.DataFrame, stood_s: float) -> str:
    told = {
        (sender, column): float(table.loc[table["sender"] == sender, column].quantile(0.9))
        for sender, column, *_ in CURVES
    }
    truth, seen = told[(OPEN, "from_intended_ms")], told[(CLOSED, "from_sent_ms")]
    return (
        f"{stood_s:.0f} seconds of standstill: p90 is {milliseconds(truth)} ms, and a sender that "
        f"waits says {milliseconds(seen)} ms"
    )


def _percentiles(axes: Axes, table: pd.DataFrame) -> None:
    bare(axes, grid="both")
    least = 1.0
    for sender, column, words, colour, style in CURVES:
        values = np.sort(table.loc[table["sender"] == sender, column].to_numpy(dtype=float))
        beyond = 1 - (np.arange(len(values)) + 0.5) / len(values)
        least = min(least, float(beyond[-1]))
        axes.plot(1 / beyond, values, color=colour, linestyle=style, label=words)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(1.25, 1 / least * 1.05)
    shown = [(1 / (1 - share), name) for share, name in MARKS if 1 - share >= least]
    axes.xaxis.set_major_locator(FixedLocator([at for at, _ in shown]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks([at for at, _ in shown], [name for _, name in shown])
    _milliseconds(axes)
    axes.set_title("Which share of them took no longer; both axes are logarithmic", color=INK)
    axes.legend(loc="lower right", frameon=False, fontsize=8.5, labelcolor="linecolor",
                handlelength=1.2, borderpad=0.2)  # fmt: skip


def _sent(axes: Axes, rows: pd.DataFrame, sender: str, colour: str) -> None:
    bare(axes, grid="y")
    begin_s, end_s = float(rows["pause_s"].iloc[0]), float(rows["resume_s"].iloc[0])
    axes.axvspan(begin_s, end_s, color=BAD, alpha=0.09, linewidth=0)
    axes.plot(rows["sent_s"], rows["from_sent_ms"], "o", color=colour, markersize=2.6, alpha=0.6,
              linewidth=0, markeredgewidth=0)  # fmt: skip
    axes.set_yscale("log")
    _milliseconds(axes)
    axes.set_xlim(left=0)
    meanwhile = int(rows["sent_s"].between(begin_s, end_s).sum())
    axes.set_title(f"{sender}: {meanwhile:,} sent while it stood still", color=INK)
    axes.set_xlabel("sent at, seconds", labelpad=5)
    small: dict[str, Any] = {"fontsize": 8, "color": GREY, "ha": "center", "va": "bottom"}
    axes.text((begin_s + end_s) / 2, 0.02, "stands still", transform=axes.get_xaxis_transform(),
              **small)  # fmt: skip
    axes.spines["bottom"].set_color(RULE)


def _milliseconds(axes: Axes) -> None:
    axes.yaxis.set_major_locator(FixedLocator(list(DECADES)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(lambda value, _at: f"{value:g} ms" if value < 1000
                                   else f"{value / 1000:g} s")  # fmt: skip
