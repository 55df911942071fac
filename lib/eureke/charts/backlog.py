"""The backlog over time: consumer lag in Kafka, tasks in Celery's queue."""

from typing import TYPE_CHECKING, Final

from matplotlib.axes import Axes

from eureke.charts.numbers import scaled, seconds
from eureke.charts.page import nothing, page, place
from eureke.charts.series import Values, of_phase, of_summary, series
from eureke.charts.style import (
    BLUE,
    GREY,
    INK,
    MARGIN_IN,
    ORANGE,
    PAPER,
    Chart,
    bare,
    beside,
    look,
)

if TYPE_CHECKING:
    from eureke.measure.results import Result

PHASE: Final = "flat-out"
ROWS: Final = (
    ("lag", "Consumer lag", "records in Kafka\nwithout an outcome yet", BLUE),
    ("queue", "Celery's queue", "batches in Redis\nthat no worker has taken", ORANGE),
)


def figure_backlog(result: "Result") -> Chart:
    """Where notifications waited during the flat-out load, over time."""
    with look():
        return _drawn(result)


def _drawn(result: "Result") -> Chart:
    told, table = of_summary(result, PHASE), of_phase(result, PHASE)
    columns = [series(table, name) for name, *_ in ROWS]
    lag = columns[0][1]
    chart = page(
        result,
        name="backlog",
        finding=_finding(columns[0]),
        method=f"n = {told.get('account', {}).get('records', 0):,}, one run, as fast as it goes, "
        "sampled four times a second",
        height_in=4.7,
        phase=PHASE,
    )
    if not len(lag):
        return nothing(chart, "The run was too short for the sampler, or ended before it.")
    grid = chart.add_gridspec(
        2, 1, hspace=0.4, **place(chart, left_in=2.45, right_in=0.85, under_in=0.42, over_in=0.05)
    )
    all_axes = [chart.add_subplot(grid[row, 0]) for row in range(2)]
    end_s = max(told.get("wall_s") or 0, *(t_s.max(initial=0) for t_s, _ in columns))
    for axes, row, (t_s, values) in zip(all_axes, ROWS, columns, strict=True):
        _row(axes, row, t_s, values)
        axes.set_xlim(0, end_s * 1.01)
        axes.tick_params(labelbottom=axes is all_axes[-1])
    all_axes[-1].set_xlabel("seconds from the first send", labelpad=6)
    return chart


def _finding(lag: tuple[Values, Values]) -> str:
    t_s, values = lag
    if not len(values):
        return "No backlog was seen"
    at, left = int(values.argmax()), int(values[-1])
    end = f"{left:,} at the last look" if left else "none were left at the end"
    return f"{scaled(values[at])} waited in Kafka after {seconds(max(t_s[at], 0))}, {end}"


def _row(axes: Axes, row: tuple[str, str, str, str], t_s: Values, values: Values) -> None:
    _, title, meaning, colour = row
    bare(axes, grid="y")
    at = beside(axes, MARGIN_IN)
    axes.text(**at, y=0.66, s=title, fontsize=12, fontweight=600, color=colour)
    axes.text(**at, y=0.56, s=meaning, va="top", fontsize=8.5, linespacing=1.45, color=GREY)
    most = max(values.max(initial=0), 1)
    axes.set_ylim(0, most * 1.12)
    axes.set_yticks([0, most], ["0", scaled(most)])
    axes.yaxis.tick_right()
    if not len(values):
        return
    axes.fill_between(t_s, values, color=colour, alpha=0.22, linewidth=0)
    axes.plot(t_s, values, color=colour, clip_on=False)
    peak = int(values.argmax())
    axes.plot(t_s[peak], values[peak], "o", color=colour, markersize=6, markeredgecolor=PAPER)
    right = t_s[peak] > 0.7 * t_s[-1]
    axes.annotate(
        f"most: {values[peak]:,.0f}",
        (t_s[peak], values[peak]),
        (-8 if right else 8, 4),
        textcoords="offset points",
        ha="right" if right else "left",
        fontsize=8.5,
        color=INK,
    )
