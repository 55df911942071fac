"""Overtaking: urgent notifications sent beside a full load, in a lane of their own or in one."""

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from eureke.charts.numbers import seconds, three_digits
from eureke.charts.page import nothing, page, place
from eureke.charts.style import BLUE, INK, ORANGE, PAPER, Chart, bare, look

if TYPE_CHECKING:
    from eureke.measure.results import Result

PHASE: Final = "flat-out"
ROWS: Final = (
    ("flat-out", "In a lane of their own", BLUE),
    ("one-lane", "In the bulk lane,\nwith Celery's priorities", ORANGE),
)
TICKS_MS: Final = (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000)


def figure_overtaking(result: "Result") -> Chart:
    """How long each urgent notification took to its receipt while the full load went through."""
    with look():
        return _drawn(result)


def _drawn(result: "Result") -> Chart:
    table = result.urgent
    rows = [(row, _of(table, row[0])) for row in ROWS]
    rows = [(row, found) for row, found in rows if len(found)]
    counts = " and ".join(f"{len(found):,}" for _, found in rows)
    chart = page(
        result,
        name="overtaking",
        finding=_finding({row[0]: found for row, found in rows}),
        method=f"n = {counts or 0} urgent notifications, one run, open loop beside "
        f"{result.run.get('scenario', {}).get('count', 0):,} bulk ones, counted to the receipt",
        height_in=4.6,
        phase=PHASE,
    )
    if not rows:
        return nothing(chart, "This run sent no urgent notifications.")
    grid = chart.add_gridspec(
        1, 1, **place(chart, left_in=0.95, right_in=2.3, under_in=0.42, over_in=0.28)
    )
    axes = chart.add_subplot(grid[0, 0])
    bare(axes, grid="y")
    for ((_, words, colour), found), height in zip(reversed(rows), (1.0, 0.42), strict=False):
        _dots(axes, colour, found)
        _legend(axes, words, colour, found, height)
    _scale(axes, [found for _, found in rows])
    return chart


def _of(table: pd.DataFrame, phase: str) -> pd.DataFrame:
    return pd.DataFrame(table[table["phase"] == phase]).dropna(subset=["receipt_ms"])


def _finding(found: dict[str, pd.DataFrame]) -> str:
    medians = {name: float(rows["receipt_ms"].median()) for name, rows in found.items()}
    own = medians.get("flat-out")
    if own is None:
        return "No urgent notification was sent"
    told = f"Half of the urgent ones overtook the load within {three_digits(own)} ms"
    shared = medians.get("one-lane")
    if shared is None:
        return told
    return f"{told}; in one lane it took {_time(shared)}"


def _time(value_ms: float) -> str:
    return seconds(value_ms / 1000) if value_ms >= 1000 else f"{three_digits(value_ms)} ms"


def _dots(axes: Axes, colour: str, found: pd.DataFrame) -> None:
    t_s, latency_ms = found["intended_s"].to_numpy(), found["receipt_ms"].to_numpy()
    axes.plot(t_s, latency_ms, "o", color=colour, markersize=4.5, markeredgecolor=PAPER, alpha=0.85)


def _legend(axes: Axes, words: str, colour: str, found: pd.DataFrame, height: float) -> None:
    """Beside the axes, so that it covers no dot."""
    latency_ms = found["receipt_ms"]
    numbers = f"half within {_time(latency_ms.median())}\nlongest {_time(latency_ms.max())}"
    down = 12 * (words.count("\n") + 1) + 7
    lines: tuple[tuple[str, float, dict[str, Any]], ...] = (
        (words, 0, {"fontsize": 10, "fontweight": 600, "color": colour}),
        (numbers, -down, {"fontsize": 8.5, "color": INK, "linespacing": 1.4}),
    )
    for said, offset, type_ in lines:
        axes.annotate(
            said,
            (1, height),
            (12, offset),
            xycoords="axes fraction",
            textcoords="offset points",
            va="top",
            **type_,
        )


def _scale(axes: Axes, rows: list[pd.DataFrame]) -> None:
    values = np.concatenate([each["receipt_ms"].to_numpy() for each in rows])
    axes.set_yscale("log")
    axes.set_ylim(max(values.min(), 0.5) / 2, values.max() * 2)
    low, high = axes.get_ylim()
    ticks = [tick for tick in TICKS_MS if low <= tick <= high]
    axes.yaxis.set_major_locator(FixedLocator(ticks))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_yticks(ticks, [f"{tick} ms" if tick < 1000 else f"{tick // 1000} s" for tick in ticks])
    axes.set_xlim(left=0)
    axes.set_xlabel("seconds from the first send: when it was meant to be sent", labelpad=6)
    axes.set_title("Time to the receipt, logarithmic")
