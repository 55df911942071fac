"""How long it takes at each offered load: the knee, and what a queue would foretell."""

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator

from eureke.charts.lesson import lesson
from eureke.charts.numbers import rate, scaled
from eureke.charts.page import place
from eureke.charts.style import BLUE, GREY, INK, ORANGE, SLATE, VERMILION, Chart, bare, look
from eureke.theory import Queue

if TYPE_CHECKING:
    from eureke.measure.results import Result

COLOURS: Final = (BLUE, ORANGE, VERMILION)
LABEL_SHARE, PANEL_POINTS = 0.075, 150
"""How much of a panel's height a name takes, and about how high a panel is."""
KEPT_SHARE: Final = 0.97
"""A load was answered where at least this share of it was, in the time it took to send."""


def figure_knee(result: "Result") -> Chart:
    """The p99 of calls and notifications over the offered load, for each size."""
    with look():
        return _drawn(result)


def _drawn(result: "Result") -> Chart:
    api, workers = result.table("load"), result.table("demand")
    one_per_s = float(result.table("sizes").query("kind == 'api' and count == 1")["per_s"].median())
    chart = lesson(
        result,
        name="knee",
        finding=_finding(api),
        method="open loop, from when each was due; one run a point, n = "
        f"{_span(api['n'])} calls and {_span(workers['n'])} notifications; "
        "dashed: what M/M/1 foretells for one replica",
        height_in=4.6,
    )
    grid = chart.add_gridspec(
        1, 2, wspace=0.42, **place(chart, left_in=0.85, right_in=0.95, under_in=0.5, over_in=0.3)
    )
    left, right = (chart.add_subplot(grid[0, number]) for number in range(2))
    api["keeps_up"] = api["achieved_per_s"] >= KEPT_SHARE * api["offered_per_s"]
    _panel(left, api, "Replicas of the API: a call", "replica")
    _theory(left, api, one_per_s)
    _panel(right, workers.dropna(subset=["p99_ms"]), "Workers: a notification", "worker")
    return chart


def _span(counts: "pd.Series[int]") -> str:
    least, most = int(counts.min()), int(counts.max())
    return f"{least:,} to {most:,}" if least < most else f"{least:,}"


def _finding(api: pd.DataFrame) -> str:
    one = api[api["count"] == api["count"].min()].sort_values("offered_per_s")
    calm, full = one.iloc[0], one.iloc[-1]
    return (
        f"From {rate(calm['offered_per_s'])} to {rate(full['offered_per_s'])} the load of one "
        f"replica grows {full['offered_per_s'] / calm['offered_per_s']:.1f} times, its p99 "
        f"{full['p99_ms'] / calm['p99_ms']:,.0f} times"
    )


def _panel(axes: Axes, table: pd.DataFrame, title: str, what: str) -> None:
    bare(axes, grid="y")
    in_order = table.sort_values("offered_per_s")
    for colour, (_, rows) in zip(COLOURS, in_order.groupby("count"), strict=False):
        axes.plot(rows["offered_per_s"], rows["p99_ms"], color=colour)
        kept = rows["keeps_up"].astype(bool)
        for which, fill in ((kept, colour), (~kept, "white")):
            some = rows[which]
            axes.plot(
                some["offered_per_s"], some["p99_ms"], "o", markersize=5, color=colour,
                markerfacecolor=fill, linestyle="none",
            )  # fmt: skip
    axes.set_title(title, color=INK, pad=22)
    if table.empty:
        axes.text(0.5, 0.5, "too few for a p99", transform=axes.transAxes, ha="center", color=GREY)
        return
    _labels(axes, in_order, what)
    axes.set_yscale("log")
    low, high = float(table["p99_ms"].min()), float(table["p99_ms"].max())
    axes.set_ylim(low / 1.6, high * 1.3)
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high / low < 50 else (1,)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_xlim(left=0)
    axes.xaxis.set_major_formatter(lambda value, _at: scaled(value))
    axes.yaxis.set_major_formatter(lambda value, _at: f"{value:g} ms")
    small: dict[str, Any] = {"transform": axes.transAxes, "fontsize": 8, "color": GREY}
    axes.text(0, 1.03, "p99; hollow where it was not kept up with", **small)
    axes.set_xlabel("offered load, a second", labelpad=6)


def _labels(axes: Axes, table: pd.DataFrame, what: str) -> None:
    """Names each line at its end, the names apart from each other."""
    ends = table.groupby("count").last()
    colours = dict(zip(ends.index, COLOURS, strict=False))
    span = float(np.log(table["p99_ms"].max() / table["p99_ms"].min())) or 1.0
    free = -1.0
    for size, end in ends.sort_values("p99_ms").iterrows():
        at = float(np.log(end["p99_ms"] / table["p99_ms"].min())) / span
        shift = max(0.0, free - at)
        free = at + shift + LABEL_SHARE
        axes.annotate(
            f"{size} {what}{'s' if size != 1 else ''}", (end["offered_per_s"], end["p99_ms"]),
            (7, shift * PANEL_POINTS), textcoords="offset points", fontsize=8.5,
            color=colours[size], va="center", annotation_clip=False,
        )  # fmt: skip


def _theory(axes: Axes, table: pd.DataFrame, one_per_s: float) -> None:
    """The p99 of M/M/1 with the service time that one replica's throughput tells."""
    highest = float(table["p99_ms"].max())
    shares = np.linspace(0.05, 0.995, 60)
    rates = shares * one_per_s
    service_ms = 1000 / one_per_s
    told = [Queue(rate_per_s=each, service_ms=service_ms).quantile_ms(0.99) for each in rates]
    seen = [each for each in zip(rates, told, strict=True) if each[1] <= highest]
    axes.plot(*zip(*seen, strict=True), color=SLATE, linewidth=1, dashes=(4, 3))
