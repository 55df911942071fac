"""Which loads so many workers keep up with, and how fast the lag grows where they do not."""

from itertools import product, takewhile
from operator import itemgetter
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
    loads, found = sorted(table["offered_per_s"].unique()), {}
    for size in sorted(table["count"].unique()):
        tried = [(load, kept(table, size, load)) for load in loads]
        held = [load for load, _ in takewhile(itemgetter(1), tried)]
        found[size] = float(held[-1]) if held else 0.0
    return pd.Series(found, dtype=float)


def kept(table: pd.DataFrame, size: int, load: float) -> bool | None:
    """Whether so many keep up with a load, as it was tried or is implied; None where neither.

    More keep up with what fewer do, and who keeps up with a load does with a smaller one.
    """
    yes = table["keeps_up"].astype(bool)
    count, offered_per_s = table["count"], table["offered_per_s"]
    own = yes[(count == size) & (offered_per_s == load)]
    if len(own):
        return bool(own.iloc[0])
    if (yes & (count <= size) & (offered_per_s >= load)).any():
        return True
    if (~yes & (count >= size) & (offered_per_s <= load)).any():
        return False
    return None


def _drawn(result: "Result") -> Chart:
    table, measured = result.table("demand"), result.table("sizes")
    sizes = sorted({*table["count"], *measured[measured["kind"] == "worker"]["count"]})
    rates = sorted(table["offered_per_s"].unique())
    chart = lesson(
        result,
        name="demand",
        finding=_finding(table),
        method=f"n = {len(table)} {'run' if len(table) == 1 else 'runs'}; keeping up is a lag "
        "that grows by less than a tenth of the load, by a straight line through the second half; "
        "pale: implied by another field",
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
    lag_per_s = table.set_index(["count", "offered_per_s"])["lag_per_s"]
    for (y, size), (x, load) in product(enumerate(sizes), enumerate(rates)):
        _field(axes, x, y, kept(table, size, load), lag_per_s.get((size, load)))
    axes.set_xlim(-0.5, len(rates) - 0.5)
    axes.set_ylim(-0.5, len(sizes) - 0.5)
    axes.set_xticks(range(len(rates)), [rate(each) for each in rates])
    axes.set_yticks(
        range(len(sizes)), [f"{each} worker{'s' if each != 1 else ''}" for each in sizes]
    )
    axes.tick_params(axis="y", labelcolor=INK, labelsize=9.5)
    axes.set_xlabel("offered load", labelpad=6, color=GREY)


def _field(axes: Axes, x: int, y: int, keeps_up: bool | None, lag_per_s: float | None) -> None:
    """Whether it was kept up with; pale where that was not tried."""
    colour, words = (GREEN, "keeps up") if keeps_up else (VERMILION, "does not")
    tried = lag_per_s is not None
    if keeps_up is None:
        colour, words = GREY, "not tried"
    elif lag_per_s is not None and not keeps_up:
        words = f"lag +{scaled(lag_per_s)}/s"
    axes.add_patch(
        FancyBboxPatch(
            (x - 0.46, y - 0.4), 0.92, 0.8, boxstyle="round,pad=0,rounding_size=0.05",
            facecolor=colour, edgecolor="none", alpha=1.0 if tried else 0.22,
        )
    )  # fmt: skip
    ink = PAPER if tried else INK
    axes.text(x, y, words, ha="center", va="center", fontsize=9, color=ink, fontweight=600)
