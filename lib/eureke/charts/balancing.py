"""Two ways to choose among replicas of which one is slow: shares and waits."""

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from eureke.charts.lesson import lesson
from eureke.charts.numbers import share, three_digits
from eureke.charts.page import place
from eureke.charts.style import BLUE, GREY, INK, ORANGE, Chart, bare, look

if TYPE_CHECKING:
    from eureke.measure.results import Result

NAMES: Final = {"round_robin": "taking turns", "least_conn": "fewest under way"}
COLOURS: Final = (BLUE, ORANGE)
HEIGHT: Final = 0.32


def figure_balancing(result: "Result") -> Chart:
    """Every call as a dot, by who answered it and how Nginx had chosen."""
    with look():
        return _drawn(result)


def _drawn(result: "Result") -> Chart:
    table = result.table("balancing")
    each = int(table.groupby("policy").size().min())
    chart = lesson(
        result,
        name="balancing",
        finding=_finding(table),
        method=f"open loop, n = {each:,} calls each way, one run; the slow replica stands still "
        "four fifths of the time; each dot is a call, the line is the p99 of all",
        height_in=4.4,
    )
    grid = chart.add_gridspec(
        1, 1, **place(chart, left_in=1.9, right_in=1.5, under_in=0.45, over_in=0.15)
    )
    axes = chart.add_subplot(grid[0, 0])
    bare(axes, grid="x")
    chance = np.random.default_rng(1)
    for row, policy in enumerate(NAMES):
        _row(axes, table[table["policy"] == policy], row, policy, chance)
    axes.set_xscale("log")
    axes.set_ylim(len(NAMES) - 0.45, -0.55)
    axes.set_yticks([])
    axes.xaxis.set_major_formatter(lambda value, _at: f"{value:g} ms")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("from when a call was due to its answer, logarithmic", labelpad=6)
    return chart


def _finding(table: pd.DataFrame) -> str:
    p99 = table.groupby("policy")["took_ms"].quantile(0.99)
    slowest = sorted(table["replica"].unique())[-1]
    got = table.assign(slow=table["replica"] == slowest).groupby("policy")["slow"].mean()
    return (
        f"Taking turns, the slow replica gets {share(got['round_robin'], 1)} of the calls and the "
        f"p99 is {three_digits(p99['round_robin'])} ms; by fewest under way "
        f"{share(got['least_conn'], 1)} and {three_digits(p99['least_conn'])} ms"
    )


def _row(
    axes: Axes, rows: pd.DataFrame, row: int, policy: str, chance: np.random.Generator
) -> None:
    at: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "va": "center"}
    axes.text(-0.03, row, NAMES[policy], ha="right", fontsize=9.5, fontweight=600, **at)
    replicas = sorted(name for name in rows["replica"].unique() if name)
    for number, (name, colour) in enumerate(zip(replicas, COLOURS, strict=False)):
        took_ms = rows.loc[rows["replica"] == name, "took_ms"].to_numpy()
        middle = row + (number - 0.5) * HEIGHT * 1.15
        y = middle + chance.uniform(-HEIGHT / 2, HEIGHT / 2, len(took_ms))
        axes.plot(took_ms, y, ".", color=colour, markersize=3, alpha=0.5, markeredgewidth=0)
        words = f"{name}{' (slow)' if number else ''}: {share(len(took_ms), len(rows))}"
        axes.text(1.02, middle, words, fontsize=8.5, color=colour, **at)
    p99 = float(rows["took_ms"].quantile(0.99))
    axes.plot([p99, p99], [row - 0.42, row + 0.42], color=INK, linewidth=1.2)
    axes.annotate(
        f"p99 {three_digits(p99)} ms", (p99, row - 0.42), (0, 2), textcoords="offset points",
        fontsize=8, color=GREY, ha="center", va="bottom",
    )  # fmt: skip
