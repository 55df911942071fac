"""The account as a picture: what became of every record, and the five faults."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from eureke.charts.numbers import share
from eureke.charts.page import FOOT_IN, nothing, page, place
from eureke.charts.style import (
    BAD,
    BLUE,
    GOOD,
    GREY,
    INK,
    MARGIN_IN,
    ORANGE,
    PURPLE,
    RULE,
    SKY,
    SLATE,
    VERMILION,
    WIDTH_IN,
    Chart,
    bare,
    look,
)

if TYPE_CHECKING:
    from eureke.measure.results import Result

OUTCOMES: Final = (
    ("delivered", "delivered", "one effect at the provider", BLUE),
    ("duplicates", "duplicates", "an id that was sent before", SKY),
    ("suppressed", "suppressed", "held back by policy", PURPLE),
    ("expired", "expired", "too old to be sent", ORANGE),
    ("dead_lettered", "dead letters", "refused for good, kept with the reason", VERMILION),
    ("malformed", "malformed", "no notification at all, kept with its bytes", SLATE),
)
FAULTS: Final = (
    ("lost", "lost"),
    ("delivered_twice", "delivered twice"),
    ("stuck", "stuck"),
    ("phantom", "phantom"),
    ("misjudged", "misjudged"),
)
FAULT_IN: Final = 0.72


def figure_outcomes(result: "Result") -> Chart:
    """How many records met which outcome, over all loads of the run, and what went wrong."""
    with look():
        return _drawn(result)


def _drawn(result: "Result") -> Chart:
    summary = result.summary
    shown = [row for row in OUTCOMES if summary.get(row[0]) or row[0] == "delivered"]
    chart = page(
        result,
        name="outcomes",
        finding=_finding(summary),
        method=f"n = {summary.get('records') or 0:,} records, one run, every load but the warm-up, "
        "told by sender, topics and provider alone",
        height_in=3.0 + 0.42 * len(shown),
        phase="flat-out",
    )
    if not summary.get("records"):
        return nothing(chart, "The run ended before a load was accounted for.")
    grid = chart.add_gridspec(
        1, 1, **place(chart, left_in=2.95, right_in=2.1, under_in=FAULT_IN + 0.3)
    )
    axes = chart.add_subplot(grid[0, 0])
    _bars(axes, shown, summary)
    _faults(chart, summary)
    return chart


def _finding(summary: Mapping[str, Any]) -> str:
    records = summary.get("records")
    if not records:
        return "No account: the run was aborted"
    wrong = sum(summary.get(name) or 0 for name, _ in FAULTS)
    if wrong:
        return f"{wrong:,} of {records:,} records went wrong"
    if summary.get("accounted"):
        return f"Every one of {records:,} records is accounted for"
    return f"The account of {records:,} records does not close"


def _bars(axes: Axes, shown: list[tuple[str, str, str, str]], summary: Mapping[str, Any]) -> None:
    bare(axes)
    records = summary["records"]
    for y, (key, name, meaning, colour) in enumerate(shown):
        count = summary.get(key) or 0
        axes.barh(y, 1, height=0.46, color=RULE, alpha=0.55)
        axes.barh(y, max(count / records, 0.003 if count else 0), height=0.46, color=colour)
        at: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "va": "center"}
        axes.text(-0.035, y - 0.17, name, ha="right", fontsize=9.5, fontweight=600, **at)
        axes.text(-0.035, y + 0.22, meaning, ha="right", fontsize=8, color=GREY, **at)
        axes.text(1.24, y, f"{count:,}", ha="right", fontsize=11, fontweight=600, **at)
        axes.text(1.37, y, share(count, records), ha="right", fontsize=8.5, color=GREY, **at)
    axes.set_xlim(0, 1)
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_xticks([])
    axes.set_yticks([])


def _faults(chart: Chart, summary: Mapping[str, Any]) -> None:
    """A tile for each way in which a notification system can lie."""
    gap_in = 0.12
    each_in = (WIDTH_IN - 2 * MARGIN_IN - gap_in * (len(FAULTS) - 1)) / len(FAULTS)
    bottom = (FOOT_IN + 0.02) / chart.height_in
    for index, (key, name) in enumerate(FAULTS):
        count = summary.get(key) or 0
        colour = BAD if count else GOOD
        left = (MARGIN_IN + index * (each_in + gap_in)) / WIDTH_IN
        chart.add_artist(
            FancyBboxPatch(
                (left, bottom),
                each_in / WIDTH_IN,
                FAULT_IN / chart.height_in,
                boxstyle="round,pad=0,rounding_size=0.008",
                transform=chart.transFigure,
                facecolor="#fbeae9" if count else "#e8f5ef",
                edgecolor="none",
                mutation_aspect=WIDTH_IN / chart.height_in,
            )
        )
        middle = left + each_in / 2 / WIDTH_IN
        types: tuple[tuple[float, str, dict[str, Any]], ...] = (
            (0.46, f"{count:,}", {"fontsize": 15, "fontweight": 600, "color": colour}),
            (0.19, name, {"fontsize": 8.5, "color": INK}),
        )
        for up_in, words, type_ in types:
            chart.text(
                middle, bottom + up_in / chart.height_in, words, ha="center", va="center", **type_
            )
