"""One notification, from hop to hop."""

from typing import TYPE_CHECKING

import pandas as pd

from eureke.charts.lesson import lesson
from eureke.charts.numbers import share, three_digits
from eureke.charts.page import place
from eureke.charts.stages import STAGES, WHERE, name_stages, waterfall
from eureke.charts.style import Chart, look

if TYPE_CHECKING:
    from eureke.measure.results import Result


def figure_journey(result: "Result") -> Chart:
    """A single notification's stages, in their order: the one with the median latency."""
    with look():
        return _drawn(result)


def _drawn(result: "Result") -> Chart:
    table = result.table("journey")
    one = table[table["typical"]]
    chart = lesson(
        result,
        name="journey",
        finding=_finding(one),
        method=f"one of n = {len(table):,}, the one with the median latency; open loop, measured "
        "from the moment at which it was meant to be sent",
        height_in=4.7,
    )
    grid = chart.add_gridspec(
        1, 1, **place(chart, left_in=2.75, right_in=0.6, under_in=0.42, over_in=0.5)
    )
    axes = chart.add_subplot(grid[0, 0])
    waterfall(axes, one, "From hop to hop", f"id {one['id'].iloc[0]}")
    name_stages(axes, aside=0.025)
    return chart


def _finding(one: pd.DataFrame) -> str:
    """Where it was most of the time, and what was left for our own part."""
    took = {stage: float(one[f"{stage}_ms"].iloc[0]) for stage, *_ in STAGES}
    longest = max(took, key=lambda stage: took[stage])
    total_ms = float(one["receipt_ms"].iloc[0])
    return (
        f"{three_digits(total_ms)} ms for one notification, "
        f"{share(took[longest], total_ms)} of them {WHERE[longest]}"
    )
