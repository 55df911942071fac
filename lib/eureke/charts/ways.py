"""Ways to send the same notifications: how many a second each of them, round by round."""

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from eureke.charts.lesson import lesson
from eureke.charts.numbers import rate
from eureke.charts.page import place
from eureke.charts.style import BLUE, GREY, INK, PAPER, RULE, SLATE, VERMILION, Chart, bare, look

if TYPE_CHECKING:
    from eureke.measure.results import Result

OURS: Final = "this pipeline"
ROW_IN: Final = 0.52
SAMPLE, TIMES = 1.48, 1.83
"""Where these columns end, in widths of the axes."""
TICKS: Final = tuple(10**power for power in range(7))


def figure_ways(result: "Result") -> Chart:
    """A row for each way, a dot for each round."""
    with look():
        return _drawn(result)


def _drawn(result: "Result") -> Chart:
    table = result.table("ways")
    ways = list(table.groupby("way")["per_s"].median().sort_values().index)
    rounds = table["round"].nunique()
    chart = lesson(
        result,
        name="ways",
        finding=_finding(table),
        method=f"{rounds} interleaved rounds on the same stack, line: median; "
        "each on the sample beside it, the same provider before all of them",
        height_in=1.75 + ROW_IN * len(ways),
    )
    grid = chart.add_gridspec(
        1, 1, **place(chart, left_in=3.3, right_in=2.95, under_in=0.42, over_in=0.3)
    )
    axes = chart.add_subplot(grid[0, 0])
    bare(axes, grid="x")
    slowest = float(table.groupby("way")["per_s"].median().min())
    for y, way in enumerate(ways):
        _row(axes, y, way, table[table["way"] == way], slowest)
    axes.set_ylim(len(ways) - 0.4, -0.6)
    axes.set_yticks([])
    axes.set_xscale("log")
    low, high = float(table["per_s"].min()) / 1.5, float(table["per_s"].max()) * 1.5
    axes.set_xlim(low, high)
    ticks = [tick for tick in TICKS if low <= tick <= high]
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel("notifications a second, logarithmic", labelpad=6)
    head: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "va": "center", "color": GREY}
    for x, words in ((SAMPLE, "sample"), (TIMES, "times as fast\nas the slowest")):
        axes.text(x, -0.75, words, ha="right", fontsize=8, **head)
    return chart


def _finding(table: pd.DataFrame) -> str:
    medians = table.groupby("way")["per_s"].median()
    slowest = str(medians.idxmin())
    ours = float(medians[[way for way in medians.index if str(way).startswith(OURS)]].min())
    times = ours / float(medians[slowest])
    return f"The pipeline is {times:,.0f} times as fast as {slowest}, and accounts for every one"


def _row(axes: Axes, y: int, way: str, rows: pd.DataFrame, slowest: float) -> None:
    colour = VERMILION if way.startswith(OURS) else BLUE if y else SLATE
    values = rows["per_s"].to_numpy(dtype=float)
    median = float(np.median(values))
    where: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "va": "center"}
    axes.axhline(y, color=RULE, linewidth=1, zorder=0)
    axes.plot(values, np.full(len(values), y), "o", color=colour, alpha=0.45, markersize=5.5,
              markeredgecolor=PAPER)  # fmt: skip
    axes.plot([median, median], [y - 0.3, y + 0.3], color=colour, linewidth=2.4)
    weight = 600 if way.startswith(OURS) else 400
    axes.text(-0.03, y, way, ha="right", fontsize=9.5, fontweight=weight, color=INK, **where)
    axes.text(1.03, y, rate(median), fontsize=9.5, fontweight=600, color=colour, **where)
    sample = f"{int(rows['sample'].median()):,}"
    axes.text(SAMPLE, y, sample, ha="right", fontsize=8.5, color=GREY, **where)
    axes.text(TIMES, y, f"{median / slowest:,.1f} x", ha="right", fontsize=9.5, **where)
