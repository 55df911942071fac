"""Where the time goes: the stages of the way, each beginning where the one before ends."""

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from eureke.charts.numbers import share, three_digits
from eureke.charts.page import nothing, offered, page, place
from eureke.charts.style import GREY, INK, PAPER, RULE, STAGE_COLOURS, Chart, bare, look

if TYPE_CHECKING:
    from eureke.measure.results import Result

PHASE: Final = "open-loop"
STAGES: Final = (
    ("send_lag", "sender", "meant to be sent → sent"),
    ("kafka", "Kafka", "sent → read by the dispatcher"),
    ("dispatch", "dispatcher", "read → put in Celery's queue"),
    ("queue", "Celery's queue", "in the queue → taken by a worker"),
    ("provider", "provider", "taken → answered by the provider"),
    ("receipt_topic", "receipt", "answered → receipt seen in Kafka"),
)
WHERE: Final = {
    "send_lag": "before it is sent",
    "kafka": "in Kafka",
    "dispatch": "in the dispatcher",
    "queue": "in Celery's queue",
    "provider": "with the provider",
    "receipt_topic": "on the way of its receipt",
}
HALF: Final = 0.28
ROOM: Final = 1.02
SLOWEST: Final = 0.01
FEWEST: Final = 10


def figure_stages(result: "Result") -> Chart:
    """In which stages the open loop's notifications spent their time: typical and slow."""
    with look():
        return _drawn(result)


def _drawn(result: "Result") -> Chart:
    rows = result.samples.dropna() if len(result.samples) else result.samples
    chart = page(
        result,
        name="stages",
        finding=_finding(rows),
        method=f"n = {len(rows):,}, one run, open loop, {offered(result.run)}, "
        "means, which add up as percentiles do not",
        height_in=5.1,
        phase=PHASE,
    )
    if rows.empty:
        return nothing(chart, "This run had no open loop, so its stages were not timed.")
    grid = chart.add_gridspec(
        1, 2, wspace=0.2, **place(chart, left_in=2.75, right_in=0.6, under_in=0.42, over_in=0.45)
    )
    left, right = chart.add_subplot(grid[0, 0]), chart.add_subplot(grid[0, 1])
    typical, slow = _typical(rows), _slowest(rows)
    waterfall(left, typical, "A typical one", f"mean of the middle tenth, n = {len(typical):,}")
    slowest = f"mean of the slowest {share(len(slow), len(rows))}, n = {len(slow):,}"
    waterfall(right, slow, "A slow one", slowest)
    name_stages(left)
    return chart


def name_stages(axes: Axes, *, aside: float = 0.04) -> None:
    """Says to the left of a waterfall which stage is which.

    Args:
        axes: of the waterfall.
        aside: how far from it, as a share of its width.
    """
    at: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "ha": "right", "va": "center"}
    for y, (_, name, meaning) in enumerate(STAGES):
        axes.text(-aside, y - 0.19, name, fontsize=9, fontweight=600, color=INK, **at)
        axes.text(-aside, y + 0.24, meaning, fontsize=8, color=GREY, **at)


def _finding(rows: pd.DataFrame) -> str:
    if rows.empty:
        return "No stage was timed"
    typical, slow = _longest(_typical(rows)), _longest(_slowest(rows))
    if typical == slow:
        return f"Typical or slow, a notification spends the longest time {typical}"
    return f"A typical notification spends the longest time {typical}, a slow one {slow}"


def _means(rows: pd.DataFrame) -> dict[str, float]:
    return {stage: float(rows[f"{stage}_ms"].mean()) for stage, *_ in STAGES}


def _longest(rows: pd.DataFrame) -> str:
    means = _means(rows)
    longest = max(means, key=lambda stage: means[stage])
    return WHERE[longest]


def _typical(rows: pd.DataFrame) -> pd.DataFrame:
    low, high = np.quantile(rows["receipt_ms"], [0.45, 0.55])
    return pd.DataFrame(rows[rows["receipt_ms"].between(low, high)])


def _slowest(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.nlargest(min(len(rows), max(FEWEST, round(SLOWEST * len(rows)))), "receipt_ms")


def waterfall(axes: Axes, rows: pd.DataFrame, title: str, note: str) -> None:
    """The stages one below the other, each beginning where the one before ends: their means."""
    bare(axes, grid="x")
    begin_ms, means = 0.0, _means(rows)
    total_ms = sum(means.values())
    for y, (stage, mean_ms) in enumerate(means.items()):
        axes.barh(y, mean_ms, left=begin_ms, height=2 * HALF, color=STAGE_COLOURS[stage])
        if y:
            axes.plot([begin_ms] * 2, [y - 1 + HALF, y - HALF], color=GREY, linewidth=0.8)
        _number(axes, y, mean_ms, begin_ms / total_ms, (begin_ms + mean_ms) / total_ms)
        begin_ms += mean_ms
    axes.set_ylim(len(means) - 0.4, -0.7)
    axes.set_yticks([])
    axes.set_xlim(min(0.0, begin_ms), total_ms * ROOM)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.set_xlabel("milliseconds from the intended send time", labelpad=6)
    axes.axvline(0, color=RULE)
    at: dict[str, Any] = {"transform": axes.transAxes}
    axes.text(0, 1.1, f"{title}: {three_digits(total_ms)} ms", fontsize=10, fontweight=600, **at)
    axes.text(0, 1.03, note, fontsize=8.5, color=GREY, **at)


def _number(axes: Axes, y: int, mean_ms: float, begin: float, end: float) -> None:
    """The stage's milliseconds: after the bar, before it, or within it, where there is room."""
    told = f"{three_digits(mean_ms)} ms"
    at: dict[str, Any] = {
        "transform": axes.get_yaxis_transform(),
        "va": "center",
        "fontsize": 8.5,
        "color": INK,
    }
    if end < 0.8:
        axes.text(end / ROOM + 0.015, y, told, **at)
    elif begin > 0.22:
        axes.text(begin / ROOM - 0.015, y, told, ha="right", **at)
    else:
        within = at | {"color": PAPER, "fontweight": 600}
        axes.text((begin + end) / 2 / ROOM, y, told, ha="center", **within)
