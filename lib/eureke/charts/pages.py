"""Pages of a list that changes meanwhile: how often each user was seen."""

from typing import TYPE_CHECKING, Final

import pandas as pd
from matplotlib.axes import Axes

from eureke.charts.lesson import lesson
from eureke.charts.page import place
from eureke.charts.style import BLUE, GREY, INK, PAPER, RULE, VERMILION, Chart, bare, look

if TYPE_CHECKING:
    from eureke.measure.results import Result

COLOURS: Final = {0: PAPER, 1: BLUE, 2: VERMILION}
MEANINGS: Final = {0: "never seen", 1: "seen once", 2: "seen twice"}


def figure_pages(result: "Result") -> Chart:
    """Each user as a square, in the order of the list, by how often it was seen."""
    with look():
        return _drawn(result)


def _drawn(result: "Result") -> Chart:
    pages = result.table("pages")
    strips = list(pages.groupby(["change", "by"], sort=False))
    chart = lesson(
        result,
        name="pages",
        finding=_finding(pages),
        method=f"n = {len(pages) // len(strips)} users in each row, who were there all the time, "
        "read page by page while somebody changes the list",
        height_in=1.9 + 0.62 * len(strips),
    )
    grid = chart.add_gridspec(1, 1, **place(chart, left_in=2.6, right_in=0.42, under_in=0.35))
    axes = chart.add_subplot(grid[0, 0])
    bare(axes)
    for y, ((change, by), rows) in enumerate(strips):
        _strip(axes, y, f"{change}", f"by {by}", rows)
    axes.set_ylim(len(strips) - 0.4, -0.6)
    axes.set_yticks([])
    axes.set_xticks([])
    _legend(axes)
    return chart


def _finding(pages: pd.DataFrame) -> str:
    wrong = pages[pages["seen"] != 1].groupby("by").size()
    offset, cursor = int(wrong.get("offset", 0)), int(wrong.get("cursor", 0))
    by_cursor = "none by cursor" if not cursor else f"{cursor} by cursor"
    return f"By offset {offset} users were missed or came twice, {by_cursor}"


def _strip(axes: Axes, y: int, change: str, by: str, rows: pd.DataFrame) -> None:
    for x, seen in enumerate(rows["seen"]):
        colour = COLOURS[min(int(seen), 2)]
        axes.plot(
            x, y, "s", markersize=7.5, color=colour, markeredgecolor=RULE if seen else VERMILION
        )
    at = {"transform": axes.get_yaxis_transform(), "va": "center", "ha": "right"}
    axes.text(-0.02, y - 0.15, by, fontsize=9.5, fontweight=600, color=INK, **at)  # type: ignore[arg-type]
    axes.text(-0.02, y + 0.2, change, fontsize=8, color=GREY, **at)  # type: ignore[arg-type]


def _legend(axes: Axes) -> None:
    for number, (seen, meaning) in enumerate(MEANINGS.items()):
        axes.plot(
            [],
            [],
            "s",
            color=COLOURS[seen],
            markeredgecolor=VERMILION if not seen else RULE,
            label=meaning,
            zorder=number,
        )
    axes.legend(
        loc="upper left",
        bbox_to_anchor=(0, 0.02),
        ncols=3,
        frameon=False,
        fontsize=8.5,
        labelcolor=GREY,
        handletextpad=0.2,
    )
