"""How to read a percentile: a hundred notifications in a row, and ten times a hundred."""

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from eureke.charts.lesson import lesson
from eureke.charts.numbers import milliseconds
from eureke.charts.page import place
from eureke.charts.series import Values
from eureke.charts.style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    PAPER,
    RULE,
    SKY,
    VERMILION,
    Chart,
    bare,
    look,
)

if TYPE_CHECKING:
    from eureke.measure.results import Result

MANY: Final = 100
QUANTILES: Final = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
APART: Final = 0.075
"""Between the words of two percentiles, as a share of the scale."""
COLOURS: Final = {"p50": BLUE, "p90": ORANGE, "p99": VERMILION}


def figure_percentile(result: "Result") -> Chart:
    """A hundred latencies in their order with p50, p90 and p99, beside those of other hundreds."""
    with look():
        return _drawn(result)


def hundreds(table: pd.DataFrame) -> pd.DataFrame:
    """Of each hundred of the latencies, in the order of sending, its percentiles.

    A percentile is one of the values: of a hundred, as many as it says were faster.
    """
    values = table["receipt_ms"].to_numpy(dtype=float)
    pieces = [values[at : at + MANY] for at in range(0, len(values) - MANY + 1, MANY)]
    return pd.DataFrame([_percentiles(each) for each in pieces])


def _percentiles(values: Values) -> dict[str, float]:
    return {
        name: float(np.quantile(values, share, method="higher"))
        for name, share in QUANTILES.items()
    }


def _drawn(result: "Result") -> Chart:
    table = result.table("journey")
    each = hundreds(table)
    last = np.sort(table["receipt_ms"].to_numpy(dtype=float)[: MANY * len(each)][-MANY:])
    told = each.iloc[-1]
    chart = lesson(
        result,
        name="percentile",
        finding=f"Half of these hundred took less than {milliseconds(told['p50'])} ms, 90 of them "
        f"less than {milliseconds(told['p90'])} ms; of the slowest one a hundred says little",
        method=f"left: the last {len(last)} notifications, the fastest first; right: the same "
        f"percentiles of {len(each)} hundreds, one after the other; n = {len(table):,}, open loop, "
        "from when one was meant to be sent to its receipt",
        height_in=5.3,
    )
    grid = chart.add_gridspec(
        1, 2, width_ratios=(1.75, 1), wspace=0.12,
        **place(chart, left_in=0.9, right_in=0.75, under_in=0.42, over_in=0.3),
    )  # fmt: skip
    left = chart.add_subplot(grid[0, 0])
    right = chart.add_subplot(grid[0, 1], sharey=left)
    top_ms = 1.12 * max(float(last[-1]), float(each["p99"].max()))
    _row(left, last, told, top_ms)
    _spread(right, each)
    return chart


def _row(axes: Axes, values: Values, told: "pd.Series[float]", top_ms: float) -> None:
    """The dots, and lines that lead from each percentile to both scales."""
    bare(axes)
    rank = np.arange(1, len(values) + 1)
    parts = [0, *(int(np.searchsorted(values, told[name])) for name in QUANTILES), len(values)]
    for begin, end, colour in zip(parts, parts[1:], (BLUE, SKY, ORANGE, VERMILION), strict=False):
        axes.plot(rank[begin:end], values[begin:end], "o", markersize=4.5, color=colour)
    label_ms = -top_ms
    for name in QUANTILES:
        label_ms = max(float(told[name]), label_ms + APART * top_ms)
        faster = int(np.searchsorted(values, told[name]))
        _mark(axes, name, faster, float(told[name]), label_ms)
    axes.set_xlim(0, len(values) + 3)
    axes.set_ylim(0, top_ms)
    axes.set_xticks([1, *(part + 1 for part in parts[1:-1])])
    axes.set_xlabel("the fastest … the slowest of a hundred", labelpad=6)
    axes.set_title("milliseconds")
    axes.spines["bottom"].set_visible(True)


def _mark(axes: Axes, name: str, faster: int, ms: float, label_ms: float) -> None:
    """A percentile's line and its words, which stand apart from those of the others."""
    colour = COLOURS[name]
    x = faster + 1
    axes.plot([0, x, x], [ms, ms, 0], color=colour, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    axes.plot(x, ms, "o", markersize=8, color=colour, markeredgecolor=PAPER, zorder=4)
    only = " (one alone decides)" if faster >= MANY - 1 else ""
    # The line of another one may pass behind the words.
    paper = {"facecolor": PAPER, "edgecolor": "none", "pad": 0.6}
    at: dict[str, Any] = {"textcoords": "offset points", "bbox": paper, "zorder": 5}
    axes.annotate(
        f"{name} = {milliseconds(ms)} ms", (0, label_ms), (4, 4), fontsize=9, fontweight=600,
        color=colour, **at,
    )  # fmt: skip
    axes.annotate(
        f"{faster} were faster{only}", (0, label_ms), (90, 4), fontsize=8.5, color=GREY, **at
    )


def _spread(axes: Axes, each: pd.DataFrame) -> None:
    """A column of dots for each percentile, and by how much it goes up and down."""
    bare(axes)
    for x, name in enumerate(QUANTILES):
        low, high = float(each[name].min()), float(each[name].max())
        axes.plot([x, x], [low, high], color=RULE, linewidth=7, zorder=1)
        axes.plot([x] * len(each), each[name], "o", markersize=5, color=COLOURS[name], alpha=0.75)
        at: dict[str, Any] = {"ha": "center", "va": "bottom", "fontsize": 8.5, "color": INK}
        words = f"{milliseconds(low)}\u2013{milliseconds(high)}"
        axes.annotate(words, (x, high), (0, 8), textcoords="offset points", **at)
    axes.set_xticks(range(len(QUANTILES)), list(QUANTILES))
    axes.set_xlim(-0.5, len(QUANTILES) - 0.5)
    axes.tick_params(axis="y", labelleft=False)
    axes.set_title(f"of {len(each)} hundreds")
    axes.spines["bottom"].set_visible(True)
