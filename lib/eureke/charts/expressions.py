"""Expressions of Prometheus' language, each above what it answered."""

from typing import TYPE_CHECKING, Any, Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from eureke.charts.lesson import lesson
from eureke.charts.numbers import milliseconds, scaled
from eureke.charts.page import place
from eureke.charts.style import (
    GREY,
    INK,
    LINES,
    MARGIN_IN,
    Chart,
    bare,
    beside,
    look,
)

if TYPE_CHECKING:
    from eureke.measure.results import Result

LEFT_IN: Final = 2.45
ROW_IN: Final = 1.5


def figure_expressions(result: "Result") -> Chart:
    """From a counter to a percentile: each step with its expression and its answer."""
    with look():
        table = result.table("expressions")
        return _drawn(result, table, "expressions", _steps(table))


def figure_resets(result: "Result") -> Chart:
    """The same counters after one began at nothing again: summed first, and summed last."""
    with look():
        table = result.table("resets")
        return _drawn(result, table, "resets", _invented(table), shared=True)


def _steps(table: pd.DataFrame) -> str:
    rates = table[~table["expression"].str.contains("quantile")]
    counters, together = (rates[rates["name"] == rates["name"].iloc[at]] for at in (0, -1))
    return (
        f"{counters['line'].nunique()} counters that only grow become one answer: at most "
        f"{scaled(float(together['value'].max()))} requests a second, and how long they took"
    )


def _invented(table: pd.DataFrame) -> str:
    most = table.groupby("name", sort=False)["value"].max()
    return (
        f"One process is started again, and “{most.index[0]}” sees {scaled(most.iloc[0])} requests "
        f"a second; “{most.index[-1]}” sees {scaled(most.iloc[-1])}"
    )


def _drawn(
    result: "Result", table: pd.DataFrame, name: str, finding: str, *, shared: bool = False
) -> Chart:
    names = list(table["name"].unique())
    chart = lesson(
        result,
        name=name,
        finding=finding,
        method="every process is asked once a second; each expression is evaluated twice a second",
        height_in=1.75 + ROW_IN * len(names),
    )
    grid = chart.add_gridspec(
        len(names),
        1,
        hspace=0.75,
        **place(chart, left_in=LEFT_IN, right_in=0.9, under_in=0.42, over_in=0.25),
    )
    most = float(table["value"].max()) if shared else 0.0
    for row, each in enumerate(names):
        axes = chart.add_subplot(grid[row, 0])
        _row(axes, f"{row + 1}  {each}", table[table["name"] == each], most)
        axes.set_xlim(float(table["t_s"].min()), float(table["t_s"].max()))
        axes.tick_params(labelbottom=row == len(names) - 1)
        axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axes.set_xlabel("seconds", labelpad=5)
    return chart


def _row(axes: Axes, title: str, table: pd.DataFrame, most: float) -> None:
    bare(axes, grid="y")
    expression = str(table["expression"].iloc[0])
    axes.set_title(expression, fontsize=8, fontweight="normal", color=INK, pad=6)
    axes.text(**beside(axes, MARGIN_IN), y=0.92, s=title, fontsize=10, fontweight=600, va="top")
    lines = sorted(table.groupby("line"), key=lambda each: -float(each[1]["value"].max()))
    for number, ((line, rows), colour) in enumerate(zip(lines, LINES, strict=False)):
        axes.plot(rows["t_s"], rows["value"], color=colour, linewidth=1.6)
        where: dict[str, Any] = beside(axes, MARGIN_IN + 0.17)
        axes.text(**where, y=0.7 - 0.17 * number, s=str(line), fontsize=8, color=colour, va="top")
    _scale(axes, table["value"], most, logarithmic="quantile" in expression)
    axes.yaxis.set_major_formatter(lambda value, _at: _told(value, expression))
    axes.yaxis.tick_right()
    axes.spines["bottom"].set_visible(True)
    axes.spines["bottom"].set_color(GREY)


def _scale(axes: Axes, values: "pd.Series[float]", most: float, *, logarithmic: bool) -> None:
    if logarithmic and float(values.min()) > 0:
        axes.set_yscale("log")
        axes.set_ylim(float(values.min()) / 1.6, float(values.max()) * 1.6)
        axes.yaxis.set_major_locator(LogLocator(numticks=4))
        axes.yaxis.set_minor_locator(NullLocator())
    else:
        axes.set_ylim(0, (most or max(float(values.max()), 1e-9)) * 1.1)
        axes.yaxis.set_major_locator(MaxNLocator(2, min_n_ticks=2))


def _told(value: float, expression: str) -> str:
    if "quantile" in expression:
        return f"{milliseconds(1000 * value)} ms"
    return f"{scaled(value)}/s" if "rate(" in expression else scaled(value)
