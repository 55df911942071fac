"""The same jobs over each protocol: how much, how fast, how many bytes, how much processor."""

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from eureke.charts.lesson import lesson
from eureke.charts.numbers import rate, three_digits
from eureke.charts.page import place
from eureke.charts.style import BLUE, GREEN, GREY, INK, ORANGE, RULE, SLATE, Chart, bare, look

if TYPE_CHECKING:
    from eureke.measure.results import Result

COLOURS: Final = {"nothing": SLATE, "fetch a user": GREEN, "and the newest": ORANGE, "send": BLUE}
NUMBERS: Final = (
    ("p99_ms", "p99 of a\nrequest, ms"),
    ("bytes_each", "bytes each,\nboth ways"),
    ("cpu_ms_each", "API's CPU\neach, ms"),
)
ROW_IN: Final = 0.4
COLUMN, COLUMN_EACH = 1.42, 0.22
"""Where the numbers stand, in widths of the axes."""


def figure_protocols(result: "Result") -> Chart:
    """A bar for each job and way, and what it cost."""
    with look():
        return _drawn(result)


def _drawn(result: "Result") -> Chart:
    table = result.table("protocols")
    chart = lesson(
        result,
        name="protocols",
        finding=_finding(table),
        method="one way after the other on the same servers, client on the same machine, closed "
        f"loop; n = {int(table['items'].min()):,} to {int(table['items'].max()):,} items",
        height_in=2.5 + ROW_IN * (len(table) + table["job"].nunique() * 0.6),
    )
    grid = chart.add_gridspec(
        1, 1, **place(chart, left_in=2.75, right_in=3.35, under_in=0.1, over_in=0.35)
    )
    axes = chart.add_subplot(grid[0, 0])
    bare(axes)
    _rows(axes, table)
    return chart


def _finding(table: pd.DataFrame) -> str:
    sent = table[table["job"] == "send"].set_index("way")["items_per_s"]
    best, worst = str(sent.idxmax()), str(sent.idxmin())
    return (
        f"To send many: “{best}” takes {sent[best] / sent[worst]:.0f} times as many a second as "
        f"“{worst}”"
    )


def _rows(axes: Axes, table: pd.DataFrame) -> None:
    low = float(table["items_per_s"].min()) * 0.5
    span = np.log10(float(table["items_per_s"].max()) / low)
    where: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "va": "center"}
    y, last = 0.0, ""
    for row in table.itertuples():
        if str(row.job) != last:
            y, last = y + 0.6, str(row.job)
            axes.text(-0.03, y - 0.75, last, ha="right", fontsize=8.5, color=GREY, **where)
        share = np.log10(float(row.items_per_s) / low) / span  # type: ignore[arg-type]
        colour = COLOURS.get(str(row.job), SLATE)
        axes.barh(y, 1, height=0.5, color=RULE, alpha=0.45)
        axes.barh(y, share, height=0.5, color=colour)
        axes.text(-0.03, y, str(row.way), ha="right", fontsize=9.5, color=INK, **where)
        told = rate(float(row.items_per_s))  # type: ignore[arg-type]
        axes.text(1.03, y, told, fontsize=9.5, fontweight=600, color=colour, **where)
        for column, (name, _) in enumerate(NUMBERS):
            value = float(getattr(row, name))
            words = three_digits(value) if value else "-"
            axes.text(COLUMN + COLUMN_EACH * column, y, words, ha="right", fontsize=9, **where)
        y += 1
    head: dict[str, Any] = {"fontsize": 8, "color": GREY, "linespacing": 1.3, **where}
    for column, (_, words) in enumerate(NUMBERS):
        axes.text(COLUMN + COLUMN_EACH * column, -0.55, words, ha="right", **head)
    axes.text(0, -0.55, "items a second, logarithmic", **head)
    axes.set_ylim(y - 0.4, -0.6)
    axes.set_xlim(0, 1)
    axes.set_xticks([])
    axes.set_yticks([])
