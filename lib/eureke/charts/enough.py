"""How far apart a percentile's answers lie, by the number of samples."""

from typing import TYPE_CHECKING, Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator

from eureke.charts.lesson import lesson
from eureke.charts.numbers import scaled
from eureke.charts.page import place
from eureke.charts.style import BLUE, GREEN, GREY, INK, ORANGE, VERMILION, Chart, bare, look

if TYPE_CHECKING:
    from eureke.measure.results import Result

COLOURS: Final = {"p50": BLUE, "p90": GREEN, "p99": ORANGE, "p99_9": VERMILION}
TICKS_MS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000)


def figure_enough(result: "Result") -> Chart:
    """Bands in which 95 of 100 experiments of a size have their percentile."""
    with look():
        return _drawn(result)


def _drawn(result: "Result") -> Chart:
    table = result.table("enough")
    names = list(dict.fromkeys(table["name"]))
    chart = lesson(
        result,
        name="enough",
        finding=_finding(table),
        method="experiments of each size drawn from the same samples; band: 95 of 100 of them; "
        "pale: fewer than ten samples lie beyond, so that it is not told",
        height_in=4.9,
    )
    grid = chart.add_gridspec(
        1, len(names), wspace=0.14,
        **place(chart, left_in=0.85, right_in=0.5, under_in=0.45, over_in=0.35),
    )  # fmt: skip
    for number, name in enumerate(names):
        axes = chart.add_subplot(grid[0, number])
        _panel(axes, table[table["name"] == name], name)
        axes.set_ylim(float(table["low_ms"].min()) / 1.3, float(table["high_ms"].max()) * 1.3)
        if number:
            axes.tick_params(labelleft=False)
    return chart


def _finding(table: pd.DataFrame) -> str:
    rare = table[table["quantile"] == table["quantile"].max()]
    few, many = rare.iloc[0], rare.iloc[-1]
    spreads = [each["high_ms"] / each["low_ms"] for each in (few, many)]
    return (
        f"{_words(str(few['name']))} of {few['size']:,} samples is off by up to "
        f"{spreads[0]:.1f} times between experiments, of {many['size']:,} by {spreads[1]:.1f}"
    )


def _panel(axes: Axes, rows: pd.DataFrame, name: str) -> None:
    bare(axes, grid="y")
    colour = COLOURS[name]
    sizes, low, high = (rows[each].to_numpy() for each in ("size", "low_ms", "high_ms"))
    told = rows["told"].to_numpy(dtype=bool)
    first = int(told.argmax()) if told.any() else len(told)
    axes.fill_between(sizes[: first + 1], low[: first + 1], high[: first + 1], color=colour,
                      alpha=0.14, linewidth=0)  # fmt: skip
    axes.fill_between(sizes[first:], low[first:], high[first:], color=colour, alpha=0.45,
                      linewidth=0)  # fmt: skip
    axes.axhline(float(rows["truth_ms"].iloc[0]), color=colour, linewidth=1.2)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(sizes[0], sizes[-1])
    axes.xaxis.set_major_locator(LogLocator(numticks=4))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _at: scaled(value))
    low_ms, high_ms = axes.get_ylim()
    axes.set_yticks([each for each in TICKS_MS if low_ms / 3 <= each <= high_ms * 3])
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(lambda value, _at: f"{value:g} ms")
    axes.set_title(_words(name), color=INK)
    axes.set_xlabel("samples", labelpad=5)
    axes.spines["bottom"].set_color(GREY)


def _words(name: str) -> str:
    return name.replace("_", ".")
