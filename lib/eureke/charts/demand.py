"""Which loads so many workers keep up with, and how fast the lag grows where they do not."""

from typing import TYPE_CHECKING, Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from eureke.charts.lesson import lesson
from eureke.charts.numbers import rate, scaled
from eureke.charts.page import place
from eureke.charts.style import GREEN, GREY, INK, PAPER, VERMILION, Chart, bare, look

if TYPE_CHECKING:
    from eureke.measure.results import Result


def figure_demand(result: "Result") -> Chart:
    """A field for each load and number of workers: whether they keep up."""
    with look():
        return _drawn(result)


def capacity(table: pd.DataFrame) -> "pd.Series[float]":
    """The highest load that so many keep up with, and with all lower ones; 0 where none is."""
    found = {}
    for size, rows in table.sort_values("offered_per_s").groupby("count"):
        held = rows["keeps_up"].astype(bool).cummin()
        found[size] = float(rows.loc[held, "offered_per_s"].max()) if held.any() else 0.0
    return pd.Series(found, dtype=float)


def _drawn(result: "Result") -> Chart:
    table = result.table("demand")
    sizes, rates = sorted(table["count"].unique()), sorted(table["offered_per_s"].unique())
    chart = lesson(
        result,
        name="demand",
        finding=_finding(table),
        method=f"n = {len(table)} loads, one run each; keeping up is a lag that grows by less "
        "than a tenth of the load, by a straight line through the second half",
        height_in=2.3 + 0.55 * len(sizes),
    )
    grid = chart.add_gridspec(
        1, 1, **place(chart, left_in=1.5, right_in=0.42, under_in=0.5, over_in=0.05)
    )
    axes = chart.add_subplot(grid[0, 0])
    _fields(axes, table, sizes, rates)
    return chart


def _finding(table: pd.DataFrame) -> str:
    held = capacity(table)
    told = ", ".join(
        f"{size} with {rate(most)}" if most else f"{size} with none of these"
        for size, most in held.items()
    )
    return f"How many workers keep up with what: {told}"


def _fields(axes: Axes, table: pd.DataFrame, sizes: list[Any], rates: list[Any]) -> None:
    bare(axes)
    for row in table.itertuples():
        x, y = rates.index(row.offered_per_s), sizes.index(row.count)
        colour = GREEN if row.keeps_up else VERMILION
        axes.add_patch(_field(x, y, colour))
        words = "keeps up" if row.keeps_up else f"lag +{scaled(float(row.lag_per_s))}/s"  # type: ignore[arg-type]
        axes.text(x, y, words, ha="center", va="center", fontsize=9, color=PAPER, fontweight=600)
    axes.set_xlim(-0.5, len(rates) - 0.5)
    axes.set_ylim(-0.5, len(sizes) - 0.5)
    axes.set_xticks(range(len(rates)), [rate(each) for each in rates])
    axes.set_yticks(
        range(len(sizes)), [f"{each} worker{'s' if each != 1 else ''}" for each in sizes]
    )
    axes.tick_params(axis="y", labelcolor=INK, labelsize=9.5)
    axes.set_xlabel("offered load", labelpad=6, color=GREY)


def _field(x: int, y: int, colour: str) -> FancyBboxPatch:
    return FancyBboxPatch(
        (x - 0.46, y - 0.4), 0.92, 0.8, boxstyle="round,pad=0,rounding_size=0.05",
        facecolor=colour, edgecolor="none",
    )  # fmt: skip
