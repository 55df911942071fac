"""Throughput over time: what was sent, what had its effect, what was acknowledged."""

from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.axes import Axes

from eureke.charts.numbers import rate, scaled, seconds
from eureke.charts.page import nothing, page, place
from eureke.charts.series import Values, of_phase, of_summary, series, step_s
from eureke.charts.style import (
    EFFECT,
    GREY,
    INK,
    MARGIN_IN,
    RECEIPT,
    SENT,
    Chart,
    bare,
    beside,
    look,
)

if TYPE_CHECKING:
    from eureke.measure.results import Result

PHASE: Final = "flat-out"
ROWS: Final = (
    ("sent_per_s", "Sent", "handed to Kafka", SENT),
    ("effects_per_s", "Effects", "recorded by the provider", EFFECT),
    ("receipts_per_s", "Receipts", "acknowledged by Kafka", RECEIPT),
)


def figure_throughput(result: "Result") -> Chart:
    """How many notifications a second passed each stage of the flat-out load, over time."""
    with look():
        return _drawn(result)


def _drawn(result: "Result") -> Chart:
    told, table = of_summary(result, PHASE), of_phase(result, PHASE)
    chart = page(
        result,
        name="throughput",
        finding=_finding(result),
        method=f"n = {told.get('account', {}).get('records', 0):,}, one run, as fast as it goes, "
        "first send to last receipt, steps of a quarter second",
        height_in=5.6,
        phase=PHASE,
    )
    if table.empty:
        return nothing(chart, "The run ended before a load was sent as fast as it goes.")
    grid = chart.add_gridspec(
        3, 1, hspace=0.42, **place(chart, left_in=2.35, right_in=0.75, under_in=0.42)
    )
    all_axes = [chart.add_subplot(grid[row, 0]) for row in range(3)]
    columns = [series(table, name) for name, *_ in ROWS]
    wall_s = told.get("wall_s") or max(t_s.max(initial=1) for t_s, _ in columns)
    most = max(values.max(initial=1) for _, values in columns)
    for axes, row, (t_s, values) in zip(all_axes, ROWS, columns, strict=True):
        _row(axes, row, t_s, values)
        axes.set_xlim(0, wall_s * 1.01)
        axes.set_ylim(0, most * 1.05)
        axes.set_yticks([0, most], ["0", scaled(most)])
        axes.yaxis.tick_right()
        axes.tick_params(labelbottom=axes is all_axes[-1])
    _whole(all_axes[-1], told.get("throughput_per_s"), most)
    all_axes[-1].set_xlabel("seconds from the first send", labelpad=6)
    all_axes[0].annotate(
        "a second",
        (1, 1.05),
        (24, 7),
        xycoords="axes fraction",
        textcoords="offset points",
        ha="right",
        fontsize=8.5,
        color=GREY,
    )
    return chart


def _finding(result: "Result") -> str:
    told = of_summary(result, PHASE)
    if not told:
        return "No throughput: the run was aborted"
    records = told["account"]["records"]
    wall_s, per_s = told["wall_s"], told["throughput_per_s"]
    return f"{records:,} notifications in {seconds(wall_s)}: {rate(per_s)} through every hop"


def _row(axes: Axes, row: tuple[str, str, str, str], t_s: Values, values: Values) -> None:
    _, title, meaning, colour = row
    bare(axes, grid="y")
    at = beside(axes, MARGIN_IN)
    axes.text(**at, y=0.66, s=title, fontsize=12, fontweight=600, color=colour)
    busy = values > 0
    if not busy.any():
        axes.text(**at, y=0.4, s="none seen", color=GREY)
        return
    half = step_s(t_s) / 2
    edges = np.append(t_s - half, t_s[-1] + half)
    axes.stairs(values, edges, fill=True, color=colour, alpha=0.22, linewidth=0)
    axes.stairs(values, edges, color=colour, linewidth=1.6, baseline=None)
    total = float(values.sum() * step_s(t_s))
    begin_s, end_s = edges[:-1][busy][0], edges[1:][busy][-1]
    note = f"{meaning}\n{total:,.0f} within {seconds(end_s - max(begin_s, 0))}"
    axes.text(**at, y=0.55, s=note, va="top", fontsize=8.5, linespacing=1.45, color=GREY)


def _whole(axes: Axes, per_s: float | None, peak: float) -> None:
    """The headline: the whole load by the whole time, never a peak."""
    if not per_s:
        return
    axes.axhline(per_s, color=INK, linewidth=1, linestyle=(0, (4, 3)))
    axes.annotate(
        f"{rate(per_s)} over the whole time",
        (1, max(peak, per_s)),
        (-2, 4),
        xycoords=axes.get_yaxis_transform(),
        textcoords="offset points",
        ha="right",
        fontsize=8.5,
        color=INK,
    )
