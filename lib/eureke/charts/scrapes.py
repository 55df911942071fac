"""One burst, seen by looks that are more and more rare: a gauge and a counter."""

from typing import TYPE_CHECKING, Any, Final

import pandas as pd
from matplotlib.axes import Axes

from eureke.charts.lesson import lesson
from eureke.charts.numbers import rate, scaled
from eureke.charts.page import place
from eureke.charts.style import BLUE, GREY, INK, MARGIN_IN, RULE, VERMILION, Chart, bare, beside
from eureke.charts.style import look as the_look

if TYPE_CHECKING:
    from eureke.measure.results import Result

SEEN_SHARE: Final = 0.05
"""Of the highest value; what is less does not look like a burst."""
KINDS: Final = (
    ("backlog", "A gauge: the backlog in Kafka"),
    ("read", "A counter: records read, as a rate between two looks"),
)


def figure_scrapes(result: "Result") -> Chart:
    """The samples that are left when only one in so many is kept."""
    with the_look():
        return _drawn(result)


def seen(table: pd.DataFrame, every: int) -> tuple[int, int]:
    """In how many of the ways to begin the gauge shows the burst, and how many ways there are."""
    gauge = table[(table["kind"] == "backlog") & (table["every"] == every)]
    highest = gauge.groupby("offset")["value"].max()
    return int((highest > SEEN_SHARE * _most(table)).sum()), len(highest)


def _drawn(result: "Result") -> Chart:
    table = result.table("scrapes")
    every = [int(each) for each in sorted(table["every"].unique()) if each]
    chart = lesson(
        result,
        name="scrapes",
        finding=_finding(table, max(every)),
        method="one burst; the same samples, of which one in so many is kept; grey: the backlog, "
        "looked at four times a second",
        height_in=2.2 + 1.15 * len(every),
    )
    grid = chart.add_gridspec(
        len(every), 2, hspace=0.45, wspace=0.2,
        **place(chart, left_in=1.75, right_in=0.85, under_in=0.42, over_in=0.3),
    )  # fmt: skip
    for row, each in enumerate(every):
        for column, (kind, title) in enumerate(KINDS):
            axes = chart.add_subplot(grid[row, column])
            _panel(axes, table, kind, each)
            axes.tick_params(labelbottom=row == len(every) - 1)
            if not row:
                axes.set_title(title, color=INK, pad=10)
            if not column:
                _label(axes, table, each)
            if row == len(every) - 1:
                axes.set_xlabel("seconds", labelpad=5)
    return chart


def _finding(table: pd.DataFrame, every: int) -> str:
    found, ways = seen(table, every)
    fast, slow = (_fastest(table, each) for each in (1, every))
    return (
        f"Who looks every {every} s sees the backlog in {found} of {ways} cases; the counter loses "
        f"nothing, and calls {rate(fast)} a steady {rate(slow)}"
    )


def _most(table: pd.DataFrame) -> float:
    """The highest backlog that anybody saw."""
    return float(table.loc[table["kind"].isin(["backlog", "sampler"]), "value"].max())


def _fastest(table: pd.DataFrame, every: int) -> float:
    """The highest rate that any way to begin shows; 0 where there are no two looks."""
    return max(
        (float(rates["per_s"].max()) for offset in range(every)
         if len(rates := _rates(table, every, offset))),
        default=0.0,
    )  # fmt: skip


def _rates(table: pd.DataFrame, every: int, offset: int = 0) -> pd.DataFrame:
    """The counter's growth between two looks, by the second."""
    kept = table[(table["kind"] == "read") & (table["every"] == every)]
    rows = kept[kept["offset"] == offset].sort_values("t_s")
    grown, passed_s = rows["value"].diff(), rows["t_s"].diff()
    return rows.assign(begin_s=rows["t_s"].shift(), per_s=grown / passed_s).dropna()


def _panel(axes: Axes, table: pd.DataFrame, kind: str, every: int) -> None:
    bare(axes, grid="y")
    truth = table[table["kind"] == "sampler"].sort_values("t_s")
    if kind == "backlog":
        rows = table[(table["kind"] == kind) & (table["every"] == every) & (table["offset"] == 0)]
        axes.fill_between(truth["t_s"], truth["value"], color=RULE, linewidth=0, step="post")
        axes.plot(rows["t_s"], rows["value"], color=BLUE, linewidth=1.2)
        axes.plot(rows["t_s"], rows["value"], "o", color=BLUE, markersize=4.5, clip_on=False)
        most = _most(table)
    else:
        rows = _rates(table, every)
        axes.bar(
            rows["begin_s"], rows["per_s"], rows["t_s"] - rows["begin_s"], align="edge",
            color=VERMILION, alpha=0.8, edgecolor="white", linewidth=0.6,
        )  # fmt: skip
        most = _fastest(table, 1)
    axes.set_ylim(0, most * 1.1)
    axes.set_yticks([0, most], ["0", scaled(most) if kind == "backlog" else rate(most)])
    axes.yaxis.tick_right()
    axes.set_xlim(0, float(table["t_s"].max()))
    axes.spines["bottom"].set_visible(True)
    axes.spines["bottom"].set_color(GREY)


def _label(axes: Axes, table: pd.DataFrame, every: int) -> None:
    found, ways = seen(table, every)
    at: dict[str, Any] = beside(axes, MARGIN_IN)
    axes.text(**at, y=0.62, s=f"every {every} s", fontsize=10, fontweight=600, color=INK)
    words = f"seen in {found} of {ways}" if ways > 1 else "as it was asked"
    axes.text(**at, y=0.36, s=words, fontsize=8, color=GREY)
