"""The same page from two doors: how many requests it takes, and how many bytes."""

from typing import TYPE_CHECKING, Any, Final

import pandas as pd
from matplotlib.axes import Axes

from eureke.charts.lesson import lesson
from eureke.charts.numbers import scaled
from eureke.charts.page import place
from eureke.charts.style import BLUE, INK, ORANGE, RULE, SLATE, VERMILION, Chart, bare, look

if TYPE_CHECKING:
    from eureke.measure.results import Result

COLOURS: Final = (VERMILION, ORANGE, BLUE, SLATE)
PANELS: Final = (("requests", "requests"), ("bytes", "bytes of the answers' bodies"))


def figure_trips(result: "Result") -> Chart:
    """A bar for each way, of requests and of bytes."""
    with look():
        return _drawn(result)


def _drawn(result: "Result") -> Chart:
    table = result.table("trips")
    chart = lesson(
        result,
        name="trips",
        finding=_finding(table),
        method=f"the same page: {int(table['users'].iloc[0])} users with their names and their "
        "three newest notifications",
        height_in=1.9 + 0.62 * len(table),
    )
    grid = chart.add_gridspec(
        1, 2, wspace=0.3, **place(chart, left_in=2.5, right_in=0.9, under_in=0.1, over_in=0.25)
    )
    for column, (name, words) in enumerate(PANELS):
        axes = chart.add_subplot(grid[0, column])
        _bars(axes, table, name)
        axes.set_title(words)
        axes.set_yticks(range(len(table)), table["way"] if not column else [""] * len(table))
        axes.tick_params(axis="y", labelsize=9.5, labelcolor=INK, pad=8)
    return chart


def _finding(table: pd.DataFrame) -> str:
    first, last = table.iloc[0], table.iloc[-1]
    return (
        f"One GraphQL query in place of {int(first['requests'])} requests, "
        f"and {first['bytes'] / last['bytes']:.1f} times fewer bytes"
    )


def _bars(axes: Axes, table: pd.DataFrame, name: str) -> None:
    bare(axes)
    most = float(table[name].max())
    for y, (value, colour) in enumerate(zip(table[name], COLOURS, strict=False)):
        axes.barh(y, most, height=0.5, color=RULE, alpha=0.45)
        axes.barh(y, value, height=0.5, color=colour)
        at: dict[str, Any] = {"va": "center", "fontsize": 9.5, "fontweight": 600}
        axes.annotate(
            scaled(float(value)), (most, y), (6, 0), textcoords="offset points", color=colour, **at
        )
    axes.set_ylim(len(table) - 0.4, -0.6)
    axes.set_xlim(0, most)
    axes.set_xticks([])
