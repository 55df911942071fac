"""The map of a system: what runs, and the way of one notification through it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import pandas as pd
from matplotlib.axes import Axes

from eureke.charts.boxes import Box, Point, arrow, badge, band, labelled
from eureke.charts.lesson import lesson
from eureke.charts.page import FOOT_IN
from eureke.charts.style import BLUE, GREEN, GREY, INK, MARGIN_IN, SLATE, WIDTH_IN, Chart, look
from eureke.errors import EurekeError

if TYPE_CHECKING:
    from eureke.measure.results import Result

ACROSS_IN: Final = WIDTH_IN - 2 * MARGIN_IN
BANDS: Final = (
    (Box(x=0, y=5.14, width=ACROSS_IN, height=0.94), "WORLD", "everything outside", 0.1),
    (Box(x=0, y=2.3, width=ACROSS_IN, height=2.74), "PIPELINE", "the system under test", 2.4),
    (Box(x=0, y=1.22, width=ACROSS_IN, height=0.98), "MEASURE", "the test equipment", 0.1),
)
"""Each with its name, what it is, and how far down it says so."""
LEGEND_IN: Final = 0.98
"""From there down, a line for each hop."""
HEIGHT_IN: Final = 6.08
_TALL: Final = {"y": 3.12, "height": 1.6}
_UPPER: Final = {"y": 4.02, "height": 0.7}
_LOWER: Final = {"y": 3.12, "height": 0.7}
_MEASURE: Final = {"y": 1.32, "width": 1.12, "height": 0.6}
_DATABASE: Final = Box(x=3.72, y=2.52, width=1.3, height=0.42)
PLACES: Final = {
    "sender": Box(x=0.16, y=5.24, width=1.2, height=0.54),
    "provider": Box(x=7.26, y=5.24, width=1.34, height=0.54),
    "nginx": Box(x=0.16, width=1.2, **_UPPER),
    "api": Box(x=0.16, width=1.2, **_LOWER),
    "kafka": Box(x=1.86, width=1.36, **_TALL),
    "dispatcher": Box(x=3.72, width=1.3, **_TALL),
    "redis-queue": Box(x=5.52, width=1.24, **_UPPER),
    "redis-cache": Box(x=5.52, width=1.24, **_LOWER),
    "worker": Box(x=7.26, width=1.34, **_TALL),
    "users": _DATABASE,
    "postgres": _DATABASE,
    "observer": Box(x=0.16, **_MEASURE),
    "sampler": Box(x=1.38, **_MEASURE),
    "ledger": Box(x=2.6, **_MEASURE),
    "canary": Box(x=3.82, **_MEASURE),
    "exporter": Box(x=5.04, **_MEASURE),
    "prometheus": Box(x=6.26, **_MEASURE),
    "grafana": Box(x=7.48, **_MEASURE),
}
"""Where each kind of service stands; one that has no place here cannot be drawn."""
NO_PROCESS: Final = frozenset({"sender", "ledger", "users"})
"""What is a file, or is there only for a while."""
RECEIPTS_Y: Final = 2.42


def figure_map(result: "Result") -> Chart:
    """What runs, in world, pipeline and measure, and the numbered way of one notification.

    Raises:
        EurekeError: there is a service that has no place on the map.
    """
    with look():
        return _drawn(result)


def _drawn(result: "Result") -> Chart:
    parts, hops = result.table("parts"), result.table("hops")
    for kind in parts["kind"]:
        if kind not in PLACES:
            raise EurekeError(
                f"the map has no place for {kind!r}", remedy="give it one in eureke/charts/map.py"
            )
    processes = int((~parts["kind"].isin(NO_PROCESS)).sum())
    chart = lesson(
        result,
        name="map",
        finding=f"{len(hops)} hops for a notification, {processes} processes to make and watch "
        "them",
        method="what runs just now; dashed: a file, or what is there only for a load · the way of "
        "a notification is blue, what comes back of it green, questions are grey",
        height_in=HEIGHT_IN + 1.72,
    )
    bottom = (FOOT_IN - 0.1) / chart.height_in
    axes = chart.add_axes(
        (MARGIN_IN / WIDTH_IN, bottom, ACROSS_IN / WIDTH_IN, HEIGHT_IN / chart.height_in)
    )
    axes.set_axis_off()
    axes.set_xlim(0, ACROSS_IN)
    axes.set_ylim(0, HEIGHT_IN)
    for box, title, words, down_in in BANDS:
        band(axes, box, title, words, down_in=down_in)
    for kind, members in parts.groupby("kind", sort=False):
        _part(axes, str(kind), members)
    _questions(axes, set(parts["kind"]))
    _way(axes, hops)
    return chart


def _part(axes: Axes, kind: str, members: pd.DataFrame) -> None:
    side = members["side"].iloc[0]
    labelled(
        axes,
        PLACES[kind],
        _title(kind, members),
        list(_lines(members)),
        color=INK if side == "system" else SLATE,
        dashed=kind in NO_PROCESS,
    )


def _title(kind: str, members: pd.DataFrame) -> str:
    return str(members["name"].iloc[0]) if len(members) == 1 else kind


def _lines(members: pd.DataFrame) -> Iterator[str]:
    """What is worth knowing of them: their names where they are many, what they are for."""
    if len(members) > 1:
        names = [str(name) for name in members["member"]]
        shown = names if len(names) <= 3 else [names[0], "…", names[-1]]
        yield ", ".join(shown)
    yield from str(members["about"].iloc[0]).splitlines()


def _between(first: str, second: str, y: float) -> tuple[Point, Point]:
    """The gap between two boxes side by side, at a height."""
    left, right = PLACES[first], PLACES[second]
    if left.x < right.x:
        return (left.right, y), (right.x, y)
    return (left.x, y), (right.right, y)


def _questions(axes: Axes, there: set[str]) -> None:
    """Who asks whom besides: thin and grey."""
    dispatcher, cache = PLACES["dispatcher"], PLACES["redis-cache"]
    x, y = _DATABASE.middle[0], cache.middle[1] - 0.12
    arrow(axes, (x, dispatcher.y), (x, _DATABASE.top), color=GREY, thin=True)
    if "redis-cache" in there:
        arrow(axes, *_between("dispatcher", "redis-cache", y), color=GREY, thin=True)
        arrow(axes, *_between("worker", "redis-cache", y), color=GREY, thin=True)
    if "api" in there:
        door = PLACES["nginx" if "nginx" in there else "api"]
        x = door.middle[0]
        arrow(axes, (x, PLACES["sender"].y), (x, door.top), color=SLATE, thin=True)
        arrow(axes, *_between("api", "kafka", PLACES["api"].middle[1]), color=SLATE, thin=True)
    if "nginx" in there:
        x = PLACES["nginx"].middle[0]
        arrow(axes, (x, PLACES["nginx"].y), (x, PLACES["api"].top), color=SLATE, thin=True)


def _ways() -> Iterator[tuple[list[Point], Point, str]]:
    """Each hop's line, where its number stands, and its colour."""
    sender, kafka, worker = PLACES["sender"], PLACES["kafka"], PLACES["worker"]
    upper = PLACES["redis-queue"].middle[1]
    down = kafka.middle[0]
    level = sender.middle[1]
    yield [(sender.right, level), (down, level), (down, kafka.top)], (down, level), BLUE
    for first, second in (
        ("kafka", "dispatcher"), ("dispatcher", "redis-queue"), ("redis-queue", "worker"),
    ):  # fmt: skip
        yield _hop(first, second, upper, BLUE)
    x = worker.middle[0]
    provider = PLACES["provider"]
    yield [(x, worker.top), (x, provider.y)], (x, (worker.top + provider.y) / 2 - 0.06), BLUE
    back = [(x, worker.y), (x, RECEIPTS_Y), (down, RECEIPTS_Y), (down, kafka.y)]
    yield back, (PLACES["redis-cache"].middle[0], RECEIPTS_Y), GREEN
    yield _hop("kafka", "dispatcher", PLACES["redis-cache"].middle[1] - 0.12, GREEN)


def _hop(first: str, second: str, y: float, color: str) -> tuple[list[Point], Point, str]:
    begin, end = _between(first, second, y)
    return [begin, end], ((begin[0] + end[0]) / 2 - 0.04, y), color


def _way(axes: Axes, hops: pd.DataFrame) -> None:
    for number, (points, at, color) in enumerate(_ways(), start=1):
        arrow(axes, *points, color=color)
        badge(axes, at, number, color=color)
    half = -(-len(hops) // 2)
    colors = [color for *_, color in _ways()]
    for row, (words, color) in enumerate(zip(hops["by"], colors, strict=True)):
        x, y = ACROSS_IN / 2 * (row // half) + 0.16, LEGEND_IN - 0.245 * (row % half)
        badge(axes, (x, y), row + 1, color=color)
        axes.text(x + 0.18, y, words, va="center", fontsize=8, color=INK)
