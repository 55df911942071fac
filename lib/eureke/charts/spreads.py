"""Ways to do the same thing, side by side: how long each time took."""

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from eureke.charts.lesson import lesson
from eureke.charts.numbers import three_digits
from eureke.charts.page import place
from eureke.charts.style import BLUE, GREY, INK, ORANGE, SLATE, VERMILION, Chart, bare, look

if TYPE_CHECKING:
    from eureke.measure.results import Result

COLOURS: Final = (VERMILION, BLUE, ORANGE, SLATE)
SCATTER: Final = 0.22


def figure_reuse(result: "Result") -> Chart:
    """Requests with a connection each, and over one that stays."""
    with look():
        return _drawn(result)


def _drawn(result: "Result") -> Chart:
    table = result.table("reuse")
    ways = list(dict.fromkeys(table["way"]))
    chart = lesson(
        result,
        name="reuse",
        finding=_finding(table, ways),
        method=f"n = {len(table) // len(ways)} requests each, one after the other, in turns; "
        "line: median",
        height_in=1.8 + 0.85 * len(ways),
    )
    grid = chart.add_gridspec(1, 1, **place(chart, left_in=2.3, right_in=0.6, under_in=0.42))
    axes = chart.add_subplot(grid[0, 0])
    bare(axes, grid="x")
    chance = np.random.default_rng(7)
    for y, (way, colour) in enumerate(zip(ways, COLOURS, strict=False)):
        values = table.loc[table["way"] == way, "ms"].to_numpy()
        _way(axes, y, values, colour=colour, chance=chance)
        where: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "va": "center"}
        axes.text(-0.02, y, way, fontsize=9.5, fontweight=600, color=INK, ha="right", **where)
    axes.set_ylim(len(ways) - 0.4, -0.6)
    axes.set_yticks([])
    axes.set_xlim(0, float(table["ms"].quantile(0.99)) * 1.15)
    axes.set_xlabel("milliseconds a request; the slowest 1 % are outside", labelpad=6)
    return chart


def _finding(table: pd.DataFrame, ways: list[str]) -> str:
    medians = [float(table.loc[table["way"] == way, "ms"].median()) for way in ways]
    slow, fast = max(medians), min(medians)
    return (
        f"A connection that stays makes the same request {slow / fast:.1f} times as fast: "
        f"{three_digits(fast)} ms in place of {three_digits(slow)} ms"
    )


def _way(
    axes: Axes,
    y: int,
    values: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]",
    *,
    colour: str,
    chance: np.random.Generator,
) -> None:
    scattered = y + chance.uniform(-SCATTER, SCATTER, len(values))
    axes.plot(values, scattered, "o", markersize=3.4, color=colour, alpha=0.4, linewidth=0)
    median = float(np.median(values))
    axes.plot([median, median], [y - 0.36, y + 0.36], color=colour, linewidth=2.4)
    axes.annotate(
        f"{three_digits(median)} ms", (median, y - 0.36), (0, 3), textcoords="offset points",
        ha="center", va="bottom", fontsize=9, fontweight=600, color=colour,
    )  # fmt: skip
    axes.spines["bottom"].set_color(GREY)
