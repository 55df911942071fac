"""A panel that changes in place while a load is on its way; its last state stays in the notebook.

It shares the machine with what is measured, so it is a few lines of SVG written by hand: drawing it
takes less than a millisecond, where a figure would take a tenth of a second of the load's cores.
"""

import itertools
from collections.abc import Callable, Sequence
from html import escape
from typing import Any, Final

from IPython.core.getipython import get_ipython
from IPython.display import DisplayHandle, display

from eureke.charts.numbers import rate, seconds
from eureke.charts.style import GREY, INK, PAPER, RECEIPT, RULE, SENT
from eureke.progress import Look

APART_S: Final = 1.0
WIDTH, HEIGHT = 960, 190
TOP, BOTTOM = 62, 158
LEFT, MIDDLE, RIGHT = 20, 500, 940
GAP: Final = 50
POINTS_MOST: Final = 300
NAME: Final = "live"
"""What the names of these pictures begin with."""

Show = Callable[[dict[str, Any], dict[str, Any], bool], None]
"""Shows data and metadata, in the place of what was shown before or in a new one."""


class Live:
    """Draws each load of a run as far as it is; made for `Run.begin(…, watch=…)`.

    Args:
        show: shows a state; in the notebook when None, and nowhere where there is none.
    """

    def __init__(self, show: Show | None = None) -> None:
        self._show = show or (_in_place() if get_ipython() is not None else None)
        self._looks: list[Look] = []

    def __call__(self, look: Look) -> None:
        """Draws the new state, once a second and when the load is through."""
        if self._show is None:
            return
        began = not self._looks or self._looks[-1].over or self._looks[-1].phase != look.phase
        if began:
            self._looks = []
        elif not look.over and look.t_s - self._looks[-1].t_s < APART_S:
            return
        self._looks.append(look)
        about = {"eureke": {"name": f"{NAME}-{look.phase}", "alt": _sentence(look)}}
        data = {"image/svg+xml": picture(self._looks), "text/plain": _sentence(look)}
        self._show(data, about, began)


def picture(looks: Sequence[Look]) -> str:
    """The states of one load as SVG: what was sent and settled so far, and how fast."""
    last = looks[-1]
    thinned = _thinned(looks)
    end_s = max(last.t_s, 1e-9)
    sent = [(each.t_s, float(each.sent)) for each in thinned]
    settled = [(each.t_s, float(each.settled)) for each in thinned]
    rates = [
        (after.t_s, (after.settled - before.settled) / (after.t_s - before.t_s))
        for before, after in itertools.pairwise(thinned)
        if after.t_s > before.t_s
    ]
    most_per_s = max((value for _, value in rates), default=1.0) or 1.0
    left = _Plot(LEFT, MIDDLE - GAP, end_s, max(last.total, 1))
    right = _Plot(MIDDLE, RIGHT, end_s, most_per_s)
    key = _span("with an outcome", RECEIPT, 600) + _span(f"of {last.total:,}", GREY, 400)
    parts = [
        _text(LEFT, 26, f"{last.phase}: {_share(last)}", size=16, weight=600),
        _text(RIGHT, 26, _sentence(last).partition(": ")[2], size=12, fill=GREY, anchor="end"),
        _text(LEFT, 50, "sent", fill=SENT, weight=600, more=key),
        _text(MIDDLE, 50, "outcomes a second", fill=RECEIPT, weight=600),
        _text(RIGHT, 50, f"at most {rate(most_per_s)}", fill=GREY, anchor="end"),
        left.frame(),
        left.line(sent, SENT),
        left.area(settled, RECEIPT),
        right.frame(),
        right.area(rates, RECEIPT),
        _text(LEFT, 176, "0 s", fill=GREY),
        _text(MIDDLE - GAP, 176, seconds(last.t_s), fill=GREY, anchor="end"),
    ]
    inside = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" font-family="Inter, system-ui, sans-serif">\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{PAPER}"/>\n{inside}\n</svg>\n'
    )


class _Plot:
    """A place for curves, from zero to the most of either axis."""

    def __init__(self, x0: float, x1: float, most_x: float, most_y: float) -> None:
        self._x0, self._wide, self._most_x, self._most_y = x0, x1 - x0, most_x, most_y

    def frame(self) -> str:
        """The ground line, and a rule where the most is."""
        ends = f'x1="{self._x0}" x2="{self._x0 + self._wide}"'
        return "".join(f'<line {ends} y1="{y}" y2="{y}" stroke="{RULE}"/>' for y in (TOP, BOTTOM))

    def line(self, points: Sequence[tuple[float, float]], colour: str) -> str:
        """A curve."""
        return (
            f'<polyline points="{self._path(points)}" fill="none" stroke="{colour}" '
            'stroke-width="1.8" stroke-linejoin="round"/>'
        )

    def area(self, points: Sequence[tuple[float, float]], colour: str) -> str:
        """A curve with its area."""
        if not points:
            return ""
        around = [(points[0][0], 0.0), *points, (points[-1][0], 0.0)]
        fill = f'<polygon points="{self._path(around)}" fill="{colour}" fill-opacity="0.2"/>'
        return fill + self.line(points, colour)

    def _path(self, points: Sequence[tuple[float, float]]) -> str:
        return " ".join(
            f"{self._x0 + self._wide * x / self._most_x:.1f},"
            f"{BOTTOM - (BOTTOM - TOP) * min(y / self._most_y, 1.0):.1f}"
            for x, y in points
        )


def _text(
    x: float, y: float, words: str, *, size: int = 12, fill: str = INK, weight: int = 400,
    anchor: str = "start", more: str = "",
) -> str:  # fmt: skip
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" fill="{fill}" '
        f'text-anchor="{anchor}">{escape(words)}{more}</text>'
    )


def _span(words: str, fill: str, weight: int) -> str:
    """Goes on where a text ends, however wide its letters are."""
    return f'<tspan dx="8" font-weight="{weight}" fill="{fill}">{escape(words)}</tspan>'


def _thinned(looks: Sequence[Look]) -> list[Look]:
    """As many as can be told apart, the last one among them.

    What stands too close before the last one goes: a rate over a moment is chance.
    """
    *before, last = looks
    kept = before[:: len(looks) // POINTS_MOST + 1]
    while len(kept) > 1 and last.t_s - kept[-1].t_s < APART_S:
        kept.pop()
    return [*kept, last]


def _share(look: Look) -> str:
    # Canaries that pass through meanwhile are settled too.
    return f"{min(look.settled, look.total):,} of {look.total:,}"


def _sentence(look: Look) -> str:
    per_s = look.settled / look.t_s if look.t_s else 0.0
    state = "through" if look.over else "on its way"
    lag = max(look.sent - look.settled, 0)
    return (
        f"{look.phase}: {state} after {seconds(look.t_s)}, {rate(per_s)} over the whole time, "
        f"{lag:,} sent and without an outcome"
    )


def _in_place() -> Show:
    handles: list[DisplayHandle] = []

    def show(data: dict[str, Any], metadata: dict[str, Any], new: bool) -> None:
        if new:
            handle = display(data, metadata=metadata, raw=True, display_id=True)  # type: ignore[no-untyped-call]
            handles[:] = [handle] if handle is not None else []
        for handle in handles if not new else ():
            handle.update(data, metadata=metadata, raw=True)  # type: ignore[no-untyped-call]

    return show
