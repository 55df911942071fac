"""Outages: what waited while the provider was away, and how it drained afterwards."""

from typing import TYPE_CHECKING, Any, Final

from matplotlib.axes import Axes

from eureke.charts.numbers import scaled, seconds
from eureke.charts.page import nothing, page, place
from eureke.charts.series import of_phase, series
from eureke.charts.style import (
    BAD,
    BLUE,
    GREY,
    INK,
    MARGIN_IN,
    ORANGE,
    PAPER,
    Chart,
    bare,
    beside,
    look,
)

if TYPE_CHECKING:
    from eureke.measure.results import Result

KINDS: Final = {
    "down": ("Provider down", "every connection is cut", BAD),
    "storm": ("A storm of 429", "every request is throttled", ORANGE),
}
ROW_IN: Final = 1.45


def figure_outages(result: "Result") -> Chart:
    """For each outage of a run: its backlog over time, what was tried again and what was lost."""
    with look():
        return _drawn(result)


def _drawn(result: "Result") -> Chart:
    told = [each for each in result.summary.get("phases", {}).values() if each.get("outage")]
    chart = page(
        result,
        name="outages",
        finding=_finding(told),
        method=f"n = {sum(each['account']['records'] for each in told):,} in {len(told)} outages, "
        "one run, open loop; drawn are the records without an outcome",
        height_in=2.4 + ROW_IN * max(len(told), 1),
        phase="open-loop",
    )
    if not told:
        return nothing(chart, "This run tried no outage: outages_s and storms_s are empty.")
    grid = chart.add_gridspec(
        len(told),
        1,
        hspace=0.75,
        **place(chart, left_in=3.1, right_in=0.85, under_in=0.42, over_in=0.05),
    )
    for number, phase in enumerate(told):
        axes = chart.add_subplot(grid[number, 0])
        _row(axes, phase, *series(of_phase(result, phase["name"]), "lag"))
        axes.set_xlabel("seconds from the first send" if number == len(told) - 1 else "")
    return chart


def _finding(told: list[dict[str, Any]]) -> str:
    if not told:
        return "No outage was tried"
    lost = sum(each["account"]["lost"] for each in told)
    longest = max(told, key=lambda each: each["outage"]["seconds"])
    return (
        f"After {longest['outage']['seconds']:g} s without a provider the backlog drained in "
        f"{seconds(longest['toll']['drained_s'])}; {lost or 'none'} of "
        f"{sum(each['account']['records'] for each in told):,} lost"
    )


def _row(axes: Axes, phase: dict[str, Any], t_s: Any, values: Any) -> None:
    toll, outage, account = phase["toll"], phase["outage"], phase["account"]
    title, meaning, colour = KINDS[outage["kind"]]
    bare(axes, grid="y")
    numbers = (
        f"drained in {seconds(toll['drained_s'])}, lost {account['lost']}\n"
        f"dead letters {account['dead_lettered']:,}, tried again {toll['retried']:,}\n"
        f"came back whole {toll['refused']:,} batches"
    )
    lines: tuple[tuple[str, float, dict[str, Any]], ...] = (
        (f"{title}, {outage['seconds']:g} s", 0.96, {"fontsize": 12, "fontweight": 600}),
        (meaning, 0.71, {"fontsize": 8.5, "color": GREY}),
        (numbers, 0.52, {"fontsize": 8.5, "color": INK, "linespacing": 1.45}),
    )
    for words, height, type_ in lines:
        axes.text(**beside(axes, MARGIN_IN), y=height, s=words, va="top", **type_)
    most = max(values.max(initial=0), 1)
    axes.set_ylim(0, most * 1.12)
    axes.set_yticks([0, most], ["0", scaled(most)])
    axes.yaxis.tick_right()
    axes.set_xlim(0, max(phase["wall_s"], toll["back_s"]))
    axes.axvspan(toll["gone_s"], toll["back_s"], color=colour, alpha=0.12, linewidth=0)
    if not len(values):
        return
    axes.fill_between(t_s, values, color=BLUE, alpha=0.22, linewidth=0)
    axes.plot(t_s, values, color=BLUE, clip_on=False)
    drained_at_s = toll["back_s"] + toll["drained_s"]
    axes.plot(drained_at_s, 0, "o", color=BLUE, markersize=6, markeredgecolor=PAPER, clip_on=False)
