"""Latency of the open loop: the distribution, and the percentiles with their numbers."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from eureke.charts.numbers import milliseconds, three_digits
from eureke.charts.page import nothing, offered, page, place
from eureke.charts.series import Values
from eureke.charts.style import EFFECT, GREY, INK, PAPER, RECEIPT, RULE, Chart, bare, look

if TYPE_CHECKING:
    from eureke.measure.results import Result

PHASE: Final = "open-loop"
LINES: Final = (
    ("effect_ms", "effect", "the provider recorded it", EFFECT),
    ("receipt_ms", "receipt", "Kafka acknowledged the outcome", RECEIPT),
)
PERCENTILES: Final = (
    ("p50", "half · p50"),
    ("p90", "90 % · p90"),
    ("p99", "99 % · p99"),
    ("p99_9", "99.9 % · p99.9"),
    ("max", "all · max"),
)
TICKS_MS: Final = tuple(base * 10**power for power in range(-2, 6) for base in (1, 2, 5))
POINTS: Final = 400


def figure_latency(result: "Result") -> Chart:
    """How long notifications of the open loop took to their effect and to their receipt."""
    with look():
        return _drawn(result)


def _drawn(result: "Result") -> Chart:
    summary, samples = result.summary, result.samples
    chart = page(
        result,
        name="latency",
        finding=_finding(summary),
        method=f"n = {len(samples):,}, one run, open loop, {offered(result.run)}, "
        "counted from the time each was meant to be sent",
        height_in=6.3,
        phase=PHASE,
    )
    if samples.empty or not summary.get("receipt_ms"):
        return nothing(chart, "This run had no open loop, so it has no latency.")
    grid = chart.add_gridspec(
        2,
        1,
        height_ratios=[1.35, 1],
        hspace=0.2,
        **place(chart, left_in=1.45, right_in=0.55, under_in=0.42, over_in=0.28),
    )
    upper = chart.add_subplot(grid[0, 0])
    lower = chart.add_subplot(grid[1, 0], sharex=upper)
    columns = [np.sort(samples[name].dropna().to_numpy(dtype=float)) for name, *_ in LINES]
    _distribution(upper, columns)
    _percentiles(lower, summary)
    _scale(upper, lower, columns)
    return chart


def _finding(summary: Mapping[str, Any]) -> str:
    told = summary.get("receipt_ms")
    if not told or told.get("p50") is None:
        return "No latency was measured"
    half = f"Half of the receipts came within {three_digits(told['p50'])} ms"
    for name, words in (("p99", "99 of 100"), ("p90", "nine of ten")):
        if told.get(name) is not None:
            return f"{half}, {words} within {three_digits(told[name])} ms"
    return half


def _distribution(axes: Axes, columns: list[Values]) -> None:
    bare(axes, grid="both")
    for (_, name, meaning, colour), values, height, side in zip(
        LINES, columns, (0.8, 0.42), ("right", "left"), strict=True
    ):
        if not len(values):
            continue
        at = np.unique(np.linspace(0, len(values) - 1, POINTS).round().astype(int))
        axes.plot(values[at], (at + 1) / len(values), color=colour, drawstyle="steps-post")
        x = float(np.quantile(values, height + (0.07 if side == "left" else -0.07)))
        axes.annotate(
            f"to the {name}\n{meaning}",
            (x, height),
            (-10 if side == "right" else 10, 0),
            textcoords="offset points",
            ha=side,
            va="center",
            fontsize=8.5,
            linespacing=1.4,
            color=colour,
        )
    axes.set_ylim(0, 1.02)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])
    axes.set_title("Share of notifications that took no longer than …")
    axes.tick_params(labelbottom=False)


def _percentiles(axes: Axes, summary: Mapping[str, Any]) -> None:
    bare(axes, grid="x")
    rows = range(len(PERCENTILES) - 1, -1, -1)
    for y, (key, _) in zip(rows, PERCENTILES, strict=True):
        found = [(summary[name] or {}).get(key) for name, *_ in LINES]
        effect_ms, receipt_ms = found
        if effect_ms is None or receipt_ms is None:
            where: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "va": "center"}
            axes.text(0.01, y, "too few beyond it to be told", fontsize=8.5, color=GREY, **where)
            continue
        told = (effect_ms, receipt_ms)
        axes.plot(told, [y, y], color=RULE, linewidth=5, zorder=1)
        for value, (*_, colour) in zip(told, LINES, strict=True):
            axes.plot(value, y, "o", color=colour, markersize=8, markeredgecolor=PAPER, zorder=2)
        low, high = (EFFECT, RECEIPT) if effect_ms <= receipt_ms else (RECEIPT, EFFECT)
        _number(axes, min(told), y, -9, low)
        _number(axes, max(told), y, 9, high)
    axes.set_ylim(-0.6, len(PERCENTILES) - 0.4)
    axes.set_yticks(list(rows), [words for _, words in PERCENTILES])
    axes.tick_params(axis="y", labelsize=9, labelcolor=INK, pad=8)
    axes.set_title("… and within how many milliseconds so many of them had arrived")
    axes.set_xlabel("milliseconds, logarithmic", labelpad=6)


def _number(axes: Axes, value: float, y: int, aside: int, colour: str) -> None:
    axes.annotate(
        milliseconds(value),
        (value, y),
        (aside, 0),
        textcoords="offset points",
        ha="right" if aside < 0 else "left",
        va="center",
        fontsize=9,
        fontweight=600,
        color=colour,
    )


def _scale(upper: Axes, lower: Axes, columns: list[Values]) -> None:
    low = min(values[0] for values in columns if len(values))
    high = max(values[-1] for values in columns if len(values))
    low = max(low, 0.01)
    room = (high / low) ** 0.09
    upper.set_xscale("log")
    upper.set_xlim(low / room, high * room)
    ticks = [tick for tick in TICKS_MS if low / room <= tick <= high * room]
    for axes in (upper, lower):
        axes.xaxis.set_major_locator(FixedLocator(ticks))
        axes.xaxis.set_minor_locator(NullLocator())
    lower.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    upper.spines["bottom"].set_color(GREY)
