"""Percentiles from buckets beside the true ones: the error is the bucket's width."""

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from eureke.charts.lesson import lesson
from eureke.charts.numbers import milliseconds
from eureke.charts.page import place
from eureke.charts.series import Values
from eureke.charts.style import BLUE, GREY, INK, PAPER, RULE, VERMILION, Chart, bare, look

if TYPE_CHECKING:
    from eureke.measure.results import Result

TRUE, TOLD = BLUE, VERMILION
POINTS: Final = 400


def figure_quantiles(result: "Result") -> Chart:
    """How many of the samples take longer, truly and by the buckets."""
    with look():
        return _drawn(result)


def _drawn(result: "Result") -> Chart:
    table, truth = result.table("quantiles"), result.table("truth").iloc[:, 0].dropna()
    borders_ms, below = _buckets(result.table("buckets"))
    chart = lesson(
        result,
        name="quantiles",
        finding=_finding(table),
        method=f"n = {len(truth):,} notifications, the provider's part of each; exact from the "
        "receipts, and by histogram_quantile from the dispatcher's buckets of the same spans",
        height_in=4.9,
    )
    grid = chart.add_gridspec(
        1, 1, **place(chart, left_in=1.35, right_in=0.6, under_in=0.45, over_in=0.3)
    )
    axes = chart.add_subplot(grid[0, 0])
    bare(axes)
    lowest = 1 - float(table["quantile"].max())
    end_ms = float(max(table["told_ms"].max(), table["exact_ms"].max())) * 1.25
    _borders(axes, borders_ms, end_ms)
    shares = 1 - np.geomspace(1, lowest / 1.6, POINTS)
    exact = np.quantile(truth.to_numpy(dtype=float), shares)
    axes.plot(exact, 1 - shares, color=TRUE, linewidth=2.2)
    axes.plot(_reckoned(borders_ms, below, shares), 1 - shares, color=TOLD, linewidth=1.6)
    for row in table.itertuples():
        _gap(axes, row)
    _scales(axes, table, end_ms, lowest)
    return chart


def _finding(table: pd.DataFrame) -> str:
    worst = table.iloc[int(table["error"].abs().argmax())]
    return (
        f"p{100 * worst['quantile']:g} is {milliseconds(worst['exact_ms'])} ms, Prometheus says "
        f"{milliseconds(worst['told_ms'])} ms ({100 * worst['error']:+.0f}\u00a0%): all it "
        f"knows is the bucket, {worst['low_ms']:g} to {worst['high_ms']:g} ms"
    )


def _buckets(found: pd.DataFrame) -> tuple[Values, Values]:
    """Upper borders, and which share lies below each."""
    ordered = found.assign(le=found["le"].astype(float)).sort_values("le")
    values = ordered["value"].to_numpy(dtype=float)
    return 1000 * ordered["le"].to_numpy(dtype=float), values / max(values[-1], 1e-12)


def _reckoned(borders_ms: Values, below: Values, shares: Values) -> Values:
    """What a straight line through each bucket says of each share."""
    finite = np.isfinite(borders_ms)
    borders, known = np.r_[0.0, borders_ms[finite]], np.r_[0.0, below[finite]]
    above = np.clip(np.searchsorted(known, shares, side="left"), 1, len(known) - 1)
    wide = np.maximum(known[above] - known[above - 1], 1e-12)
    part = np.clip((shares - known[above - 1]) / wide, 0, 1)
    reckoned: Values = borders[above - 1] + part * (borders[above] - borders[above - 1])
    return reckoned


def _borders(axes: Axes, borders_ms: Values, end_ms: float) -> None:
    inside = [border for border in borders_ms if border <= end_ms]
    for number, border in enumerate(inside):
        axes.axvline(border, color=RULE, linewidth=1.2, zorder=0)
        if border / end_ms > 0.03 and (not number or border - inside[number - 1] > end_ms / 40):
            axes.annotate(
                f"{border:g}", (border, 1), (0, 3), xycoords=("data", "axes fraction"),
                textcoords="offset points", ha="center", fontsize=7.5, color=GREY,
            )  # fmt: skip


def _gap(axes: Axes, row: Any) -> None:
    y = 1 - row.quantile
    axes.plot([row.exact_ms, row.told_ms], [y, y], color=INK, linewidth=1.2, zorder=3)
    for x, colour in ((row.exact_ms, TRUE), (row.told_ms, TOLD)):
        axes.plot(x, y, "o", markersize=7, color=colour, markeredgecolor=PAPER, zorder=4)
    right = max(row.exact_ms, row.told_ms)
    axes.annotate(
        f"{100 * row.error:+.0f} %", (right, y), (8, 4), textcoords="offset points", va="bottom",
        fontsize=9, fontweight=600, color=INK,
    )  # fmt: skip


def _scales(axes: Axes, table: pd.DataFrame, end_ms: float, lowest: float) -> None:
    axes.set_yscale("log")
    axes.set_ylim(1, lowest / 1.6)
    axes.invert_yaxis()
    ticks = [1 - quantile for quantile in table["quantile"]]
    axes.set_yticks(ticks, [f"p{100 * quantile:g}" for quantile in table["quantile"]])
    axes.set_yticks([], minor=True)
    axes.set_xlim(0, end_ms)
    axes.set_xlabel("milliseconds; the upright lines are the borders of the buckets", labelpad=6)
    axes.spines["bottom"].set_visible(True)
    for words, colour, x in (("every sample", TRUE, 0.0), ("from buckets", TOLD, 0.13)):
        axes.annotate(
            words, (x, 1), (0, 16), xycoords="axes fraction", textcoords="offset points",
            fontsize=9, fontweight=600, color=colour,
        )  # fmt: skip
