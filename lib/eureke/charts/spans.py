"""From when to when something was so: an alert's states, the signs of a fault in their order."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
from matplotlib.axes import Axes

from eureke.charts.lesson import lesson
from eureke.charts.page import place
from eureke.charts.style import BAD, BLUE, GREEN, GREY, INK, ORANGE, RULE, SLATE, Chart, bare, look

if TYPE_CHECKING:
    from eureke.measure.results import Result

COLOURS: Final = {"inactive": GREEN, "pending": ORANGE, "firing": BAD}
ROW_IN: Final = 0.46
Span = tuple[float, float, str, str]
"""Begin, end, colour and words."""


def figure_alarm(result: "Result") -> Chart:
    """A process that is away, and what its alert says."""
    with look():
        return _alarm(result)


def figure_symptoms(result: "Result") -> Chart:
    """What shows a fault, in the order in which it shows."""
    with look():
        return _symptoms(result)


def _alarm(result: "Result") -> Chart:
    table = result.table("alarm")
    states = _runs(table, "state")
    away = [(begin, end) for running, begin, end in _runs(table, "running") if not running]
    seen = [(begin, end, GREEN if up else BAD, "up" if up else "down")
            for up, begin, end in _runs(table, "up")]  # fmt: skip
    rows = {
        "the process": [(*away[0], SLATE, f"away for {away[0][1] - away[0][0]:.1f} s")],
        "what Prometheus sees": seen,
        "what the alert says": [
            (begin, end, COLOURS[state], state) for state, begin, end in states
        ],
    }
    firing_s = next(begin for state, begin, _ in states if state == "firing")
    chart = lesson(
        result,
        name="alarm",
        finding=f"Nobody is called for the first {firing_s:.1f} s, and the alert ends "
        f"{states[-1][1] - away[0][1]:.1f} s after the process is back",
        method="one process is killed, and started again once its alert fires; the alert is looked "
        f"at {len(table)} times",
        height_in=1.95 + ROW_IN * len(rows),
    )
    axes = _axes(chart)
    _draw(axes, rows, away[0], end_s=float(table["t_s"].max()) + 1.0)
    axes.set_xlabel("seconds since the process was killed", labelpad=5)
    return chart


def _symptoms(result: "Result") -> Chart:
    table = result.table("symptoms")
    rows: dict[str, list[Span]] = {}
    for name, found in table.groupby("symptom", sort=False):
        colour = SLATE if not rows else BLUE
        rows[str(name)] = [
            (begin, end, colour, "")
            for begin, end in zip(found["begin_s"], found["end_s"], strict=True)
        ]
    first, *others = rows
    order = [first, *sorted(others, key=lambda each: max(rows[each][0][0], 0.0))]
    fault = rows[first][0][:2]
    chart = lesson(
        result,
        name="symptoms",
        finding=_order(order, rows),
        method="each sign is an expression that has an answer while it holds, looked at twice a "
        "second by samples of every second",
        height_in=2.0 + ROW_IN * len(rows),
    )
    axes = _axes(chart)
    _draw(axes, {each: rows[each] for each in order}, fault, end_s=float(table["end_s"].max()))
    axes.set_xlabel("seconds since the provider went away", labelpad=5)
    return chart


def _order(order: list[str], rows: dict[str, list[Span]]) -> str:
    if len(order) < 2:
        return "Nothing shows it"
    well_s = max(rows[each][-1][1] for each in order[1:]) - rows[order[0]][0][1]
    return (
        f"First sign, after {max(rows[order[1]][0][0], 0):.1f} s: {order[1]}; the last one is gone "
        f"{max(well_s, 0):.1f} s after the provider is back"
    )


def _runs(table: pd.DataFrame, column: str) -> list[tuple[Any, float, float]]:
    """Each value with when it began to be seen, and when the next one did."""
    changed = table[table[column] != table[column].shift()]
    begins = [float(each) for each in changed["t_s"]]
    ends = [*begins[1:], float(table["t_s"].max()) + 1.0]
    return list(zip(changed[column], begins, ends, strict=True))


def _axes(chart: Chart) -> Axes:
    grid = chart.add_gridspec(1, 1, **place(chart, left_in=2.45, right_in=0.5, under_in=0.42))
    return bare(chart.add_subplot(grid[0, 0]), grid="x")


def _draw(axes: Axes, rows: dict[str, list[Span]], fault: Iterable[float], *, end_s: float) -> None:
    begin_s = min(span[0] for spans in rows.values() for span in spans)
    axes.axvspan(*fault, color=RULE, alpha=0.6, linewidth=0)
    for y, (name, spans) in enumerate(rows.items()):
        where: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "va": "center"}
        axes.text(-0.02, y, name, ha="right", fontsize=9.5, fontweight=600, color=INK, **where)
        for begin, end, colour, words in spans:
            axes.barh(y, end - begin, left=begin, height=0.56, color=colour, linewidth=0)
            if words and (end - begin) / (end_s - begin_s) > 0.09:
                axes.text(
                    (begin + end) / 2, y, words, ha="center", va="center", fontsize=8.5,
                    fontweight=600, color="white",
                )  # fmt: skip
    axes.set_ylim(len(rows) - 0.45, -0.55)
    axes.set_xlim(min(begin_s, -0.5), end_s)
    axes.set_yticks([])
    axes.spines["bottom"].set_visible(True)
    axes.spines["bottom"].set_color(GREY)
