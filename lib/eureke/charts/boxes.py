"""Boxes, arrows and numbers of a drawn map, in inches from its lower left corner."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from eureke.charts.style import GREY, INK, PAPER, wrapped

Point = tuple[float, float]
NAME_POINTS: Final = 9.0
SMALL_POINTS: Final = 7.5
LINE_IN: Final = 0.145
ROUND_IN: Final = 0.06


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Where something stands: its left lower corner and its size."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.width

    @property
    def top(self) -> float:
        """Its upper edge."""
        return self.y + self.height

    @property
    def middle(self) -> Point:
        """Its centre."""
        return self.x + self.width / 2, self.y + self.height / 2


def band(axes: Axes, box: Box, title: str, words: str, *, down_in: float) -> None:
    """A part of the map, with its name at its left edge, so far down."""
    _round(axes, box, facecolor="#f6f7f9", edgecolor="none")
    at: dict[str, Any] = {"va": "top", "fontsize": SMALL_POINTS}
    name = axes.text(box.x + 0.16, box.top - down_in, title, fontweight=600, color=INK, **at)
    axes.annotate(
        words, (1, 1), (7, 0), xycoords=name, textcoords="offset points", color=GREY, **at
    )


def labelled(
    axes: Axes, box: Box, name: str, lines: Sequence[str], *, color: str, dashed: bool = False
) -> None:
    """A box with a name and small lines under it; dashed where no process runs all the time."""
    _round(
        axes, box, facecolor=PAPER, edgecolor=color, linewidth=1.3,
        linestyle=(0, (3, 2)) if dashed else "solid",
    )  # fmt: skip
    chart = axes.get_figure(root=True)
    assert chart is not None  # noqa: S101  it was made on one
    small = [
        part
        for line in lines
        for part in wrapped(
            chart, line, most_in=box.width - 0.12, fontsize=SMALL_POINTS
        ).splitlines()
    ]
    x, y = box.middle
    y += (LINE_IN * len(small)) / 2
    at: dict[str, Any] = {"ha": "center", "va": "center"}
    axes.text(x, y, name, fontsize=NAME_POINTS, fontweight=600, color=INK, **at)
    for number, line in enumerate(small):
        below = y - 0.02 - LINE_IN * (number + 1)
        axes.text(x, below, line, fontsize=SMALL_POINTS, color=GREY, **at)


def arrow(axes: Axes, *points: Point, color: str, thin: bool = False) -> None:
    """A line through the points, with a head at the last one."""
    width = 1.0 if thin else 2.0
    (x0, y0), (x1, y1) = points[-2], points[-1]
    length = max(abs(x1 - x0), abs(y1 - y0))
    back = 0.06 / length
    end = x1 - (x1 - x0) * back, y1 - (y1 - y0) * back
    xs, ys = zip(*points[:-1], end, strict=True)
    axes.plot(xs, ys, color=color, linewidth=width, solid_joinstyle="round", zorder=3)
    axes.annotate(
        "", points[-1], points[-2], zorder=3,
        arrowprops={
            "arrowstyle": "-|>,head_width=0.18,head_length=0.32" if thin
            else "-|>,head_width=0.26,head_length=0.42",
            "color": color, "linewidth": 0, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 12,
        },
    )  # fmt: skip


def badge(axes: Axes, at: Point, number: int, *, color: str) -> None:
    """A number in a disc."""
    axes.plot(*at, "o", markersize=11.5, color=color, markeredgecolor=PAPER, zorder=4)
    axes.text(
        *at, str(number), ha="center", va="center_baseline", fontsize=7.5, fontweight=600,
        color=PAPER, zorder=5,
    )  # fmt: skip


def _round(axes: Axes, box: Box, **look: Any) -> None:
    shape = f"round,pad=0,rounding_size={ROUND_IN}"
    axes.add_patch(
        FancyBboxPatch((box.x, box.y), box.width, box.height, boxstyle=shape, zorder=2, **look)
    )
