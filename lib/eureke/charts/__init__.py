"""Figures: each is a function of a result's folder and of nothing else."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from eureke.charts.backlog import figure_backlog
from eureke.charts.balancing import figure_balancing
from eureke.charts.board import figure_overview
from eureke.charts.calls import figure_calls
from eureke.charts.demand import figure_demand
from eureke.charts.enough import figure_enough
from eureke.charts.expressions import figure_expressions, figure_resets
from eureke.charts.journey import figure_journey
from eureke.charts.knee import figure_knee
from eureke.charts.latency import figure_latency
from eureke.charts.levels import figure_levels
from eureke.charts.live import Live
from eureke.charts.map import figure_map
from eureke.charts.omission import figure_omission
from eureke.charts.outages import figure_outages
from eureke.charts.outcomes import figure_outcomes
from eureke.charts.overtaking import figure_overtaking
from eureke.charts.pages import figure_pages
from eureke.charts.percentile import figure_percentile, hundreds
from eureke.charts.processes import figure_processes
from eureke.charts.protocols import figure_protocols
from eureke.charts.quantiles import figure_quantiles
from eureke.charts.retries import figure_retries
from eureke.charts.scaling import figure_scaling
from eureke.charts.scrapes import figure_scrapes
from eureke.charts.spans import figure_alarm, figure_symptoms
from eureke.charts.spreads import figure_reuse
from eureke.charts.stages import figure_stages
from eureke.charts.statements import figure_statements
from eureke.charts.steady import figure_steady, memory
from eureke.charts.style import Chart
from eureke.charts.sweep import figure_sweep, figure_trend
from eureke.charts.throughput import figure_throughput
from eureke.charts.trips import figure_trips
from eureke.charts.ways import figure_ways

if TYPE_CHECKING:
    from eureke.measure.results import Result

__all__ = [
    "FIGURES",
    "Chart",
    "Live",
    "figure_alarm",
    "figure_backlog",
    "figure_balancing",
    "figure_calls",
    "figure_demand",
    "figure_enough",
    "figure_expressions",
    "figure_journey",
    "figure_knee",
    "figure_latency",
    "figure_levels",
    "figure_map",
    "figure_omission",
    "figure_outages",
    "figure_outcomes",
    "figure_overtaking",
    "figure_overview",
    "figure_pages",
    "figure_percentile",
    "figure_processes",
    "figure_protocols",
    "figure_quantiles",
    "figure_resets",
    "figure_retries",
    "figure_reuse",
    "figure_scaling",
    "figure_scrapes",
    "figure_stages",
    "figure_statements",
    "figure_steady",
    "figure_sweep",
    "figure_symptoms",
    "figure_throughput",
    "figure_trend",
    "figure_trips",
    "figure_ways",
    "hundreds",
    "memory",
    "save_all",
]

FIGURES: Final[dict[str, Callable[["Result"], Chart]]] = {
    "throughput": figure_throughput,
    "backlog": figure_backlog,
    "latency": figure_latency,
    "stages": figure_stages,
    "steady": figure_steady,
    "outcomes": figure_outcomes,
    "overtaking": figure_overtaking,
    "outages": figure_outages,
    "processes": figure_processes,
}


def save_all(result: "Result", folder: Path | None = None) -> list[Path]:
    """Draws every figure of a result as SVG and PNG and gives the paths.

    Args:
        result: what is drawn.
        folder: where to; the result's own `figures` when None.
    """
    into = folder or result.folder / "figures"
    into.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, draw in FIGURES.items():
        chart = draw(result)
        for form, content in (("svg", chart.svg()), ("png", chart.png())):
            path = into / f"{name}.{form}"
            path.write_bytes(content)
            paths.append(path)
    return paths
