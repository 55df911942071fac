"""N+1, seen: SQL statements against how much a query asks for."""

from typing import TYPE_CHECKING, Final

import pandas as pd
from matplotlib.axes import Axes

from eureke.charts.lesson import lesson
from eureke.charts.page import place
from eureke.charts.style import BLUE, GREY, VERMILION, Chart, bare, look

if TYPE_CHECKING:
    from eureke.measure.results import Result

COLOURS: Final = (VERMILION, BLUE)


def figure_statements(result: "Result") -> Chart:
    """A line for each way to load: statements over notifications that were asked for."""
    with look():
        return _drawn(result)


def _drawn(result: "Result") -> Chart:
    table = result.table("statements")
    chart = lesson(
        result,
        name="statements",
        finding=_finding(table),
        method="one query for the newest notifications, each with its user's name; statements as "
        "the server counts them",
        height_in=4.1,
    )
    grid = chart.add_gridspec(
        1, 1, **place(chart, left_in=0.9, right_in=1.9, under_in=0.42, over_in=0.25)
    )
    axes = chart.add_subplot(grid[0, 0])
    bare(axes, grid="y")
    for (way, rows), colour in zip(table.groupby("way", sort=False), COLOURS, strict=False):
        _line(axes, str(way), rows, colour)
    axes.set_ylim(0, float(table["statements"].max()) * 1.08)
    axes.set_xlim(0, float(table["asked"].max()))
    axes.set_xticks(sorted(set(table["asked"])))
    axes.set_xlabel("notifications asked for", labelpad=6)
    axes.set_title("SQL statements")
    axes.spines["bottom"].set_visible(True)
    axes.spines["bottom"].set_color(GREY)
    return chart


def _finding(table: pd.DataFrame) -> str:
    largest = table[table["asked"] == table["asked"].max()].set_index("way")["statements"]
    return (
        f"{int(largest.max())} statements for {int(table['asked'].max())} notifications, "
        f"{int(largest.min())} when the loader waits for all of them"
    )


def _line(axes: Axes, way: str, rows: pd.DataFrame, colour: str) -> None:
    axes.plot(rows["asked"], rows["statements"], "o-", color=colour, clip_on=False, markersize=5)
    axes.annotate(
        way, (rows["asked"].iloc[-1], rows["statements"].iloc[-1]), (10, 0),
        textcoords="offset points", va="center", fontsize=9.5, fontweight=600, color=colour,
        annotation_clip=False,
    )  # fmt: skip
