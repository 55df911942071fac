"""CPU of each process: the system under test against the test equipment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.transforms import blended_transform_factory

from eureke.charts.numbers import scaled
from eureke.charts.page import nothing, page, place
from eureke.charts.series import Values, names, of_phase, of_summary, series, step_s
from eureke.charts.style import (
    EQUIPMENT,
    GREY,
    INK,
    MARGIN_IN,
    SYSTEM,
    WIDTH_IN,
    Chart,
    bare,
    look,
)
from eureke.measure.usage import is_equipment

if TYPE_CHECKING:
    from eureke.measure.results import Result

PHASE: Final = "flat-out"
LEAST_S: Final = 0.005
HEADING: Final = 1.3


@dataclass(frozen=True, slots=True)
class Process:
    """What one process used during the load."""

    name: str
    t_s: Values
    cores: Values
    cpu_s: float
    rss_mib: float


@dataclass(frozen=True, slots=True)
class Group:
    """Processes on one side of the measurement."""

    title: str
    colour: str
    processes: list[Process]


def figure_processes(result: "Result") -> Chart:
    """Which process used how much CPU, over time and in all, during the flat-out load."""
    with look():
        return _drawn(result)


def _drawn(result: "Result") -> Chart:
    told, table = of_summary(result, PHASE), of_phase(result, PHASE)
    found = _processes(table)
    groups = _groups(found)
    chart = page(
        result,
        name="processes",
        finding=_finding(told, found),
        method=f"n = {told.get('account', {}).get('records', 0):,}, one run, as fast as it goes, "
        "sampled four times a second",
        height_in=2.4 + 0.36 * max(len(found) + 2 * HEADING, 4),
        phase=PHASE,
    )
    if not found:
        return nothing(chart, "The run was too short for the sampler, or ended before it.")
    where = place(chart, left_in=1.75, right_in=1.75, under_in=0.42, over_in=0.25)
    grid = chart.add_gridspec(1, 2, width_ratios=[1, 1.15], wspace=0.12, **where)
    left, right = chart.add_subplot(grid[0, 0]), chart.add_subplot(grid[0, 1])
    most_s = max(each.cpu_s for each in found)
    most_cores = max(1.0, *(each.cores.max() for each in found))
    y = 0.0
    for group in groups:
        _heading(left, right, y, group)
        for at, process in enumerate(group.processes, start=1):
            _busy(left, y + at, process, most_cores, group.colour)
            _total(right, y + at, process, most_s, group.colour)
        y += len(group.processes) + HEADING
    end_s = told.get("wall_s") or float(found[0].t_s.max())
    _finish(left, right, bottom=y - 0.8, end_s=end_s, most_cores=most_cores)
    return chart


def _groups(found: list[Process]) -> list[Group]:
    system = [each for each in found if not is_equipment(each.name)]
    equipment = [each for each in found if is_equipment(each.name)]
    both = (
        Group("The system under test", SYSTEM, system),
        Group("The test equipment", EQUIPMENT, equipment),
    )
    return [group for group in both if group.processes]


def _processes(table: pd.DataFrame) -> list[Process]:
    found = []
    for name in names(table, "cpu."):
        t_s, cores = series(table, f"cpu.{name}")
        _, rss_mib = series(table, f"rss_mib.{name}")
        cpu_s = float((cores * step_s(t_s)).sum())
        if cpu_s >= LEAST_S:
            found.append(Process(name, t_s, cores, cpu_s, float(rss_mib.max(initial=0))))
    return sorted(found, key=lambda each: -each.cpu_s)


def _finding(told: Mapping[str, Any], found: list[Process]) -> str:
    system_s = sum(each.cpu_s for each in found if not is_equipment(each.name))
    cpu_s = told.get("system_cpu_s") or system_s
    if not told or not cpu_s:
        return "No process was seen at work"
    a_second = scaled(told["account"]["records"] / cpu_s)
    return f"Each CPU second of the system carried {a_second} notifications"


def _heading(left: Axes, right: Axes, y: float, group: Group) -> None:
    chart = left.get_figure(root=True)
    assert chart is not None  # noqa: S101  it was made on one
    type_: dict[str, Any] = {"va": "center", "fontweight": 600, "color": group.colour}
    edge = blended_transform_factory(chart.transFigure, left.transData)
    left.text(MARGIN_IN / WIDTH_IN, y, group.title, transform=edge, fontsize=10, **type_)
    cpu_s = sum(each.cpu_s for each in group.processes)
    at: dict[str, Any] = {"transform": right.get_yaxis_transform(), "ha": "right"}
    right.text(1.17, y, f"{cpu_s:.2f} s", fontsize=9.5, **at, **type_)


def _busy(axes: Axes, y: float, process: Process, most: float, colour: str) -> None:
    """A small curve of the cores in use, on its row."""
    base = y + 0.36
    height = process.cores / most * 0.78
    axes.fill_between(process.t_s, base, base - height, color=colour, alpha=0.25, linewidth=0)
    axes.plot(process.t_s, base - height, color=colour, linewidth=1.1)
    at: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "ha": "right", "va": "center"}
    axes.text(-0.04, y, process.name, fontsize=9, color=INK, **at)


def _total(axes: Axes, y: float, process: Process, most_s: float, colour: str) -> None:
    axes.barh(y, process.cpu_s / most_s, height=0.52, color=colour)
    at: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "ha": "right", "va": "center"}
    axes.text(1.17, y, f"{process.cpu_s:.2f} s", fontsize=9.5, color=INK, **at)
    axes.text(1.43, y, f"{process.rss_mib:,.0f} MiB", fontsize=9, color=GREY, **at)


def _finish(left: Axes, right: Axes, *, bottom: float, end_s: float, most_cores: float) -> None:
    for axes in (left, right):
        bare(axes)
        axes.set_ylim(bottom, -0.5)
        axes.set_yticks([])
    left.set_xlim(0, end_s)
    left.spines["bottom"].set_visible(True)
    left.tick_params(axis="x", length=3)
    left.set_xlabel("seconds from the first send", labelpad=6)
    left.set_title(f"Cores in use over time (a row's height: {most_cores:.2g})")
    right.set_xlim(0, 1)
    right.set_xticks([])
    right.set_title("CPU seconds in all, and most memory")
