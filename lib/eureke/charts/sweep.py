"""Runs that differ in one value, side by side; and runs of one scenario, one after the other."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num

from eureke.charts.lesson import lesson
from eureke.charts.numbers import rate, scaled, three_digits
from eureke.charts.page import place
from eureke.charts.style import (
    BAD,
    BLUE,
    GREY,
    INK,
    ORANGE,
    PAPER,
    RULE,
    VERMILION,
    Chart,
    bare,
    look,
)

if TYPE_CHECKING:
    from eureke.measure.results import Result

ROW_IN: Final = 0.55


def figure_sweep(results: Sequence["Result"], name: str) -> Chart:
    """Throughput and processor time for each value of a scenario's field."""
    with look():
        return _sweep(results, name)


def figure_trend(results: Sequence["Result"]) -> Chart:
    """Throughput and ratio to the floor of one scenario's runs, in the order of time."""
    with look():
        return _trend(results)


def _sweep(results: Sequence["Result"], name: str) -> Chart:
    table = pd.DataFrame(
        {
            "value": [str(each.run["scenario"][name]) for each in results],
            "per_s": [each.summary["throughput_per_s"] for each in results],
            "cpu_ms": [
                1000 * each.summary["system_cpu_s"] / each.summary["phases"]["flat-out"]["sent"]
                for each in results
            ],
        }
    )
    values = list(dict.fromkeys(table["value"]))
    runs = len(results) // len(values)
    medians = table.groupby("value")["per_s"].median()
    best, worst = str(medians.idxmax()), str(medians.idxmin())
    chart = lesson(
        results[-1],
        name=f"sweep-{name}",
        finding=f"With {name} = {best} it is {medians[best] / medians[worst]:.1f} times as fast "
        f"as with {worst}",
        method=f"{runs} runs of each in turns, line: median; "
        f"{int(results[0].run['scenario']['count']):,} notifications each, as fast as it goes",
        height_in=1.9 + ROW_IN * len(values),
    )
    grid = chart.add_gridspec(
        1, 2, wspace=0.25,
        **place(chart, left_in=1.6, right_in=0.9, under_in=0.42, over_in=0.3),
    )  # fmt: skip
    left, right = chart.add_subplot(grid[0, 0]), chart.add_subplot(grid[0, 1])
    for axes, column, colour, words in (
        (left, "per_s", VERMILION, "notifications a second"),
        (right, "cpu_ms", BLUE, "the system's CPU, ms each"),
    ):
        bare(axes, grid="x")
        for y, value in enumerate(values):
            found = table.loc[table["value"] == value, column].to_numpy(dtype=float)
            _dots(axes, y, found, colour, rate if column == "per_s" else three_digits)
        axes.set_ylim(len(values) - 0.4, -0.6)
        axes.set_yticks([])
        axes.set_xlim(0, float(table[column].max()) * 1.12)
        axes.xaxis.set_major_formatter(lambda value, _at: scaled(value))
        axes.set_title(words)
    where: dict[str, Any] = {"transform": left.get_yaxis_transform(), "va": "center", "ha": "right"}
    left.text(-0.06, -0.62, name, fontsize=8.5, color=GREY, **where)
    for y, value in enumerate(values):
        left.text(-0.06, y, value, fontsize=10, fontweight=600, color=INK, **where)
    return chart


def _dots(axes: Axes, y: int, values: Any, colour: str, form: Any) -> None:
    median = float(np.median(values))
    axes.axhline(y, color=RULE, linewidth=1, zorder=0)
    axes.plot(values, np.full(len(values), y), "o", color=colour, alpha=0.45, markersize=5.5,
              markeredgecolor=PAPER)  # fmt: skip
    axes.plot([median, median], [y - 0.28, y + 0.28], color=colour, linewidth=2.4)
    axes.annotate(
        form(median), (median, y - 0.28), (0, 3), textcoords="offset points", ha="center",
        fontsize=8.5, fontweight=600, color=colour,
    )  # fmt: skip


def _trend(results: Sequence["Result"]) -> Chart:
    last = results[-1]
    days = date2num([_began(each) for each in results])  # type: ignore[no-untyped-call]
    ratios = [each.summary["floor_ratio"] or float("nan") for each in results]
    chart = lesson(
        last,
        name="trend",
        finding=f"{last.summary['scenario']}: {len(results)} runs, the last at "
        f"{rate(last.summary['throughput_per_s'])}"
        + (f", {ratios[-1]:.1f} times Kafka's floor" if ratios[-1] == ratios[-1] else ""),
        method=f"n = {int(last.run['scenario']['count']):,} each, in the order of time; red: not "
        "to be believed, or not accounted for",
        height_in=5.0,
    )
    grid = chart.add_gridspec(
        2, 1, hspace=0.35, **place(chart, left_in=0.9, right_in=0.5, under_in=0.42, over_in=0.3)
    )
    bad = [not (each.summary["valid"] and each.summary["accounted"]) for each in results]
    for row, (values, words, colour) in enumerate(
        (
            ([each.summary["throughput_per_s"] for each in results], "a second", VERMILION),
            (ratios, "times Kafka's floor, the same run", ORANGE),
        )
    ):
        axes = chart.add_subplot(grid[row, 0])
        bare(axes, grid="y")
        axes.plot(days, values, color=colour, linewidth=1, alpha=0.5)
        axes.scatter(days, values, c=[BAD if each else colour for each in bad], s=26,
                     zorder=3)  # fmt: skip
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_formatter(lambda value, _at: scaled(value))
        locator = AutoDateLocator(maxticks=8)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_locator(locator)
        form = ConciseDateFormatter(locator)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_formatter(form)
        axes.set_title(words)
    return chart


def _began(result: "Result") -> datetime:
    return datetime.strptime(result.run_id[:15], "%Y%m%d-%H%M%S")  # noqa: DTZ007  all are UTC
