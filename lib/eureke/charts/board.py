"""A dashboard of a run: its panels side by side, in the time of the run."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from eureke.charts.lesson import lesson
from eureke.charts.numbers import rate, scaled, share, three_digits
from eureke.charts.page import place
from eureke.charts.style import (
    BAD,
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    SKY,
    SLATE,
    VERMILION,
    Chart,
    bare,
    look,
)
from eureke.dashboards import EVENT_TABLE, TABLE, Board, Panel
from eureke.dashboards.panel import Unit

if TYPE_CHECKING:
    from eureke.measure.results import Result

COLOURS: Final = (BLUE, ORANGE, GREEN, VERMILION, SKY, PURPLE, SLATE)
COLUMNS: Final = 2
ROW_IN: Final = 2.05
MOST_LINES: Final = len(COLOURS)


def figure_board(result: "Result", board: Board) -> Chart:
    """Every panel of a dashboard, drawn from what Prometheus knew of the run."""
    with look():
        return _drawn(result, board)


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
        hspace=0.85,
        **place(chart, left_in=0.85, right_in=0.42, under_in=0.35, over_in=0.55),
    )
    end_s = float(table["time_s"].max()) if len(table) else 1.0
    for number, panel in enumerate(board.panels):
        axes = chart.add_subplot(grid[number // COLUMNS, number % COLUMNS])
        _panel(axes, panel, mine[mine["panel"] == panel.title])
        _events(axes, events)
        axes.set_xlim(0, end_s)
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        if number >= len(board.panels) - COLUMNS:
            axes.set_xlabel("seconds of the run", labelpad=4)
    return chart


def _panel(axes: Axes, panel: Panel, table: pd.DataFrame) -> None:
    bare(axes, grid="y")
    axes.set_title(panel.title, color=INK, pad=22)
    lines = _lines(table)
    if panel.stacked and lines:
        together = pd.DataFrame(lines).fillna(0)
        axes.stackplot(
            together.index.to_numpy(), *(together[name] for name in lines), colors=COLOURS,
            alpha=0.85, labels=list(lines), linewidth=0,
        )  # fmt: skip
    else:
        for (name, line), colour in zip(lines.items(), COLOURS, strict=False):
            axes.plot(line.index, line, color=colour, label=name, linewidth=1.5)
    if panel.limit is not None:
        axes.axhline(panel.limit, color=BAD, linewidth=1, dashes=(4, 3))
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_locator(MaxNLocator(3, min_n_ticks=2))
    axes.yaxis.set_major_formatter(lambda value, _at: FORMS[panel.unit](value))
    _legend(axes, len(lines), empty="no such thing happened" if panel.rare else "no data")


def _lines(table: pd.DataFrame) -> Mapping[str, "pd.Series[float]"]:
    """The values of each line over time; those that are most come first, few enough to tell."""
    found = {
        str(name): rows.set_index("time_s")["value"].sort_index()
        for name, rows in table.groupby("line", sort=False)
    }
    return dict(sorted(found.items(), key=lambda each: -each[1].max())[:MOST_LINES])


def _legend(axes: Axes, count: int, *, empty: str) -> None:
    if not count:
        axes.text(0.5, 0.5, empty, transform=axes.transAxes, ha="center", color=GREY)
        return
    axes.legend(
        loc="lower left", bbox_to_anchor=(-0.02, 0.99), ncols=min(count, 4), frameon=False,
        fontsize=7.5, labelcolor=GREY, handlelength=0.9, handletextpad=0.4, columnspacing=1.0,
        borderpad=0.1,
    )  # fmt: skip


def _events(axes: Axes, events: pd.DataFrame) -> None:
    for time_s, bad in zip(events["time_s"], events["bad"], strict=True):
        colour = BAD if bad else SLATE
        axes.axvline(time_s, color=colour, linewidth=0.9, alpha=0.8, dashes=(2, 2))


def _duration(value: float) -> str:
    return f"{three_digits(value * 1e3)} ms" if value < 1 else f"{three_digits(value)} s"


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
