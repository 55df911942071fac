"""A dashboard of a run: its panels side by side, in the time of the run."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from eureke.charts.lesson import lesson
from eureke.charts.numbers import rate, scaled, share, three_digits
from eureke.charts.page import place
from eureke.charts.series import Values
from eureke.charts.style import (
    BAD,
    GREY,
    INK,
    LINES,
    PAPER,
    SLATE,
    Chart,
    bare,
    look,
)
from eureke.dashboards import EVENT_TABLE, OVERVIEW, TABLE, Board, Panel
from eureke.dashboards.panel import Unit

if TYPE_CHECKING:
    from eureke.measure.results import Result

COLUMNS: Final = 2
ROW_IN: Final = 2.3
MOST_LINES: Final = 6
LEGEND_CHARACTERS: Final = 52
"""So many fit into a row beside their marks."""


def figure_board(result: "Result", board: Board) -> Chart:
    """Every panel of a dashboard, drawn from what Prometheus knew of the run."""
    with look():
        return _drawn(result, board)


def figure_overview(result: "Result") -> Chart:
    """The dashboard to look at first."""
    return figure_board(result, OVERVIEW)


def _drawn(result: "Result", board: Board) -> Chart:
    table, events = result.table(TABLE), result.table(EVENT_TABLE)
    mine = table[table["board"] == board.id]
    rows = -(-len(board.panels) // COLUMNS)
    chart = lesson(
        result,
        name=f"board-{board.id}",
        finding=board.title,
        method=board.about,
        height_in=1.5 + ROW_IN * rows,
    )
    grid = chart.add_gridspec(
        rows,
        COLUMNS,
        wspace=0.16,
        hspace=0.95,
        **place(chart, left_in=0.85, right_in=0.42, under_in=0.35, over_in=0.65),
    )
    times_s = np.sort(table["time_s"].unique())
    for number, panel in enumerate(board.panels):
        axes = chart.add_subplot(grid[number // COLUMNS, number % COLUMNS])
        _panel(axes, panel, mine[mine["panel"] == panel.title], times_s)
        _events(axes, events)
        axes.set_xlim(0, max(times_s, default=1.0))
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        if number >= len(board.panels) - COLUMNS:
            axes.set_xlabel("seconds of the run", labelpad=4)
    return chart


def _panel(axes: Axes, panel: Panel, table: pd.DataFrame, times_s: Values) -> None:
    bare(axes, grid="y")
    lines = _lines(table)
    if panel.stacked and lines:
        together = pd.DataFrame(lines).reindex(times_s).fillna(0)
        axes.stackplot(
            together.index.to_numpy(), *(together[name] for name in lines), colors=LINES,
            alpha=0.85, labels=list(lines), linewidth=0, step="mid",
        )  # fmt: skip
    else:
        for (name, line), colour in zip(lines.items(), LINES, strict=False):
            axes.plot(line.index, line, color=colour, label=name, linewidth=1.5)
    if panel.limit is not None:
        axes.axhline(panel.limit, color=BAD, linewidth=1, dashes=(4, 3))
    axes.set_ylim(bottom=0)
    whole = panel.unit == "count"
    axes.yaxis.set_major_locator(MaxNLocator(3, min_n_ticks=2, integer=whole))
    axes.yaxis.set_major_formatter(lambda value, _at: FORMS[panel.unit](value))
    rows = _legend(axes, list(lines), empty="none happened" if panel.rare else "no data")
    axes.set_title(panel.title, color=INK, pad=8 + 13 * rows)


def _lines(table: pd.DataFrame) -> Mapping[str, "pd.Series[float]"]:
    """The values of each line over time; those that are most come first, few enough to tell."""
    found = {
        str(name): rows.set_index("time_s")["value"].sort_index()
        for name, rows in table.groupby("line", sort=False)
    }
    return dict(sorted(found.items(), key=lambda each: -each[1].max())[:MOST_LINES])


def _legend(axes: Axes, names: Sequence[str], *, empty: str) -> int:
    """Names the lines above the axes; gives the rows that it takes."""
    if not names:
        at: dict[str, Any] = {"ha": "center", "color": GREY, "backgroundcolor": PAPER}
        axes.text(0.5, 0.5, empty, transform=axes.transAxes, **at)
        return 0
    columns = max(1, min(len(names), LEGEND_CHARACTERS // (4 + max(map(len, names)))))
    axes.legend(
        loc="lower left", bbox_to_anchor=(-0.02, 0.99), ncols=columns, frameon=False,
        fontsize=7.5, labelcolor=GREY, handlelength=0.9, handletextpad=0.4, columnspacing=1.0,
        borderpad=0.1,
    )  # fmt: skip
    return -(-len(names) // columns)


def _events(axes: Axes, events: pd.DataFrame) -> None:
    for time_s, bad in zip(events["time_s"], events["bad"], strict=True):
        colour = BAD if bad else SLATE
        axes.axvline(time_s, color=colour, linewidth=0.9, alpha=0.8, dashes=(2, 2))


def _duration(value: float) -> str:
    return f"{value * 1e3:g} ms" if 0 < value < 1 else f"{value:g} s"


def _size(value: float) -> str:
    return f"{three_digits(value / 2**20)} MiB" if value < 2**30 else f"{value / 2**30:.1f} GiB"


FORMS: Final[Mapping[Unit, Callable[[float], str]]] = {
    "per_s": rate,
    "seconds": _duration,
    "bytes": _size,
    "share": lambda value: share(value, 1),
    "count": scaled,
    "cores": three_digits,
}
"""How a value is written, by its unit."""
