"""More of the same: throughput by how many there are, with the law that fits it."""

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from eureke.charts.lesson import lesson
from eureke.charts.numbers import scaled, three_digits
from eureke.charts.page import place
from eureke.charts.style import BLUE, GREEN, GREY, INK, ORANGE, SLATE, Chart, bare, look
from eureke.theory import fitted, spread

if TYPE_CHECKING:
    from eureke.measure.results import Result

KINDS: Final = {
    "api": ("Replicas of the API", "calls/s", BLUE),
    "dispatcher": ("Dispatchers", "notifications/s", ORANGE),
    "worker": ("Workers, slow provider", "notifications/s", GREEN),
}


def figure_scaling(result: "Result") -> Chart:
    """Throughput of one, two, four of each kind, and the Universal Scalability Law through it."""
    with look():
        return _drawn(result)


def _drawn(result: "Result") -> Chart:
    table = result.table("sizes")
    kinds = [kind for kind in KINDS if kind in set(table["kind"])]
    rounds = int(table["round"].nunique())
    chart = lesson(
        result,
        name="scaling",
        finding=_finding(table),
        method=f"as fast as it goes; n = {rounds} {'round' if rounds == 1 else 'rounds'}, sizes "
        "interleaved; each dot is one measurement, the line is the law fitted to them, dashed "
        "is twice as much for twice as many",
        height_in=4.7,
    )
    grid = chart.add_gridspec(
        1,
        len(kinds),
        wspace=0.28,
        **place(chart, left_in=0.75, right_in=0.42, under_in=0.42, over_in=0.62),
    )
    for number, kind in enumerate(kinds):
        _panel(chart.add_subplot(grid[0, number]), table[table["kind"] == kind], *KINDS[kind])
    return chart


def gains(table: pd.DataFrame) -> "pd.Series[float]":
    """How many times what one does the most of them do, by kind; medians over the rounds."""
    middle = table.groupby(["kind", "count"])["per_s"].median().unstack("count")
    return middle[middle.columns.max()] / middle[middle.columns.min()]


def _finding(table: pd.DataFrame) -> str:
    gained, most = gains(table), int(table["count"].max())
    best, worst = str(gained.idxmax()), str(gained.idxmin())
    as_many = {2: "Twice", 4: "Four times"}.get(most, f"{most} times")
    return (
        f"{as_many} as many {_named(best)} do {gained[best]:.1f} times as much, "
        f"{_named(worst)} {gained[worst]:.1f} times"
    )


def _named(kind: str) -> str:
    words = KINDS[kind][0]
    return words[0].lower() + words[1:]


def _panel(axes: Axes, rows: pd.DataFrame, title: str, unit: str, colour: str) -> None:
    bare(axes, grid="y")
    counts, per_s = rows["count"].to_list(), rows["per_s"].to_list()
    law = fitted(counts, per_s)
    sizes = np.linspace(1, max(counts), 50)
    axes.plot(sizes, sizes * law.one_per_s, color=SLATE, linewidth=1, dashes=(4, 3))
    axes.plot(sizes, [law.per_s(each) for each in sizes], color=colour)
    axes.plot(counts, per_s, "o", color=colour, markersize=5, markeredgecolor="white")
    axes.set_xticks(sorted(set(counts)))
    axes.set_xlim(0.7, max(counts) + 0.3)
    axes.set_ylim(0, max(*per_s, law.one_per_s * min(max(counts), 2)) * 1.3)
    axes.yaxis.set_major_formatter(lambda value, _at: scaled(value))
    axes.set_title(title, color=INK, pad=30)
    small: dict[str, Any] = {"transform": axes.transAxes, "fontsize": 8, "color": GREY}
    axes.text(0, 1.1, f"{unit}, by how many there are", **small)
    axes.text(0, 1.02, _terms(counts, per_s), **small, fontfamily=["Inter", "DejaVu Sans"])


def _terms(counts: list[int], per_s: list[float]) -> str:
    found = spread(counts, per_s)
    told = []
    for sign, name in (("σ", "contention"), ("κ", "coherency")):
        value, low, high = (float(each) for each in found.loc[name].to_numpy())
        ends = f" ({three_digits(low)} to {three_digits(high)})" if high > low else ""
        told.append(f"{sign} = {three_digits(value)}{ends}")
    return "   ".join(told)
