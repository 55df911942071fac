"""Runs that differ in one value, side by side; and runs of one scenario, one after the other."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

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
from eureke.measure.ratios import LEAST, ratio

if TYPE_CHECKING:
    from eureke.measure.results import Result

ROW_IN: Final = 0.55
TICKS: Final = 7
"""So many days have room beside each other."""
RED: Final = "red: not to be believed, or not accounted for"


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
            "cpu_us": [
                1e6 * each.summary["system_cpu_s"] / each.summary["phases"]["flat-out"]["sent"]
                for each in results
            ],
            "bad": _bad(results),
        }
    )
    values = list(dict.fromkeys(table["value"]))
    chart = lesson(
        results[-1],
        name=f"sweep-{name}",
        finding=_difference(table, name),
        method=f"{_runs(len(results) // len(values))} of each in turns, line: median; "
        f"{int(results[0].run['scenario']['count']):,} notifications each, as fast as it goes"
        + (f"; {RED}" if table["bad"].any() else ""),
        height_in=1.9 + ROW_IN * len(values),
    )
    grid = chart.add_gridspec(
        1, 2, wspace=0.25,
        **place(chart, left_in=1.6, right_in=0.9, under_in=0.42, over_in=0.3),
    )  # fmt: skip
    left, right = chart.add_subplot(grid[0, 0]), chart.add_subplot(grid[0, 1])
    for axes, column, colour, words in (
        (left, "per_s", VERMILION, "notifications a second"),
        (right, "cpu_us", BLUE, "the system's CPU, µs each"),
    ):
        bare(axes, grid="x")
        most = float(table[column].max()) * 1.12
        axes.set_xlim(0, most)
        for y, value in enumerate(values):
            form = rate if column == "per_s" else three_digits
            _dots(axes, y, table.loc[table["value"] == value, [column, "bad"]], colour, form)
        axes.set_ylim(len(values) - 0.4, -0.6)
        axes.set_yticks([])
        axes.xaxis.set_major_formatter(lambda value, _at: scaled(value))
        axes.set_title(words)
    where: dict[str, Any] = {"transform": left.get_yaxis_transform(), "va": "center", "ha": "right"}
    left.annotate(
        name, (-0.06, 1), (0, 7), xycoords="axes fraction", textcoords="offset points",
        ha="right", fontsize=8.5, color=GREY,
    )  # fmt: skip
    for y, value in enumerate(values):
        left.text(-0.06, y, value, fontsize=10, fontweight=600, color=INK, **where)
    return chart


def _difference(table: pd.DataFrame, name: str) -> str:
    """The best value beside the worst, where they can be told apart."""
    medians = table.groupby("value")["per_s"].median()
    best, worst = str(medians.idxmax()), str(medians.idxmin())
    if best == worst:
        return f"With {name} = {best} it is {rate(medians[best])}"
    fast, slow = (table.loc[table["value"] == each, "per_s"].tolist() for each in (best, worst))
    found = ratio(fast, slow)
    if min(len(fast), len(slow)) >= LEAST and found.low <= 1:
        return f"Which {name} is the fastest cannot be told: they differ less than the runs of one"
    return f"With {name} = {best} it is {found.middle:.1f} times as fast as with {worst}"


def _dots(
    axes: Axes, y: int, runs: pd.DataFrame, colour: str, form: Callable[[float], str]
) -> None:
    values, bad = (runs.iloc[:, at].to_numpy() for at in range(2))
    median = float(np.median(values))
    axes.axhline(y, color=RULE, linewidth=1, zorder=0)
    colours = [BAD if each else colour for each in bad]
    axes.scatter(values, np.full(len(values), y), c=colours, alpha=0.45, s=30, edgecolors=PAPER,
                 zorder=2)  # fmt: skip
    axes.plot([median, median], [y - 0.28, y + 0.28], color=colour, linewidth=2.4)
    at_left = median < 0.1 * axes.get_xlim()[1]
    axes.annotate(
        form(median), (median, y - 0.28), (0, 3), textcoords="offset points", fontsize=8.5,
        ha="left" if at_left else "center", fontweight=600, color=colour,
    )  # fmt: skip


def _trend(results: Sequence["Result"]) -> Chart:
    last = results[-1]
    per_s = [float(each.summary["throughput_per_s"]) for each in results]
    ratios = [each.summary["floor_ratio"] or float("nan") for each in results]
    bad = _bad(results)
    chart = lesson(
        last,
        name="trend",
        finding=f"{last.summary['scenario']}: {_runs(len(results))}, median "
        f"{rate(float(np.median(per_s)))}, the last {rate(per_s[-1])}"
        + (f", {ratios[-1]:.1f} times Kafka's floor" if np.isfinite(ratios[-1]) else ""),
        method=f"n = {int(last.run['scenario']['count']):,} each, one beside the other in the "
        "order of time" + (f"; {RED}" if any(bad) else ""),
        height_in=5.0,
    )
    grid = chart.add_gridspec(
        2, 1, hspace=0.35, **place(chart, left_in=0.9, right_in=0.5, under_in=0.5, over_in=0.3)
    )
    for row, (values, words, colour) in enumerate(
        (
            (per_s, "notifications a second", VERMILION),
            (ratios, "times Kafka's floor, the same run", ORANGE),
        )
    ):
        axes = chart.add_subplot(grid[row, 0])
        bare(axes, grid="y")
        axes.plot(range(len(values)), values, color=colour, linewidth=1, alpha=0.5)
        axes.scatter(range(len(values)), values, c=[BAD if each else colour for each in bad], s=26,
                     zorder=3, clip_on=False)  # fmt: skip
        axes.set_ylim(0, 1.1 * (np.nanmax(values) if np.isfinite(values).any() else 1.0))
        axes.set_xlim(-0.5, max(len(values), TICKS) - 0.5)
        axes.yaxis.set_major_formatter(lambda value, _at: scaled(value))
        axes.set_title(words)
        axes.set_xticks([])
    ticks = range(0, len(results), -(-len(results) // TICKS))
    axes.tick_params(axis="x", pad=9)
    axes.set_xticks(ticks, [_when(results[each]) for each in ticks])
    return chart


def _bad(results: Sequence["Result"]) -> list[bool]:
    return [not (each.summary["valid"] and each.summary["accounted"]) for each in results]


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count} runs"


def _when(result: "Result") -> str:
    """The day and the commit of a run."""
    began = datetime.strptime(result.run_id[:15], "%Y%m%d-%H%M%S")  # noqa: DTZ007  all are UTC
    commit = str(result.run["machine"].get("commit") or "no commit")[:7]
    return f"{began:%d %b %H:%M}\n{commit}"
