"""Dashboards as Grafana reads them: the JSON of each, and the files by which it finds them.

By Grafana's own types (grafana-foundation-sdk), whose release is that of the image.
"""

import json
import string
from collections.abc import Iterable
from typing import Final

from grafana_foundation_sdk.builders import common, dashboard, prometheus, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import (
    GraphThresholdsStyleMode,
    StackingMode,
    TooltipDisplayMode,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DataSourceRef,
    Threshold,
    ThresholdsMode,
)

from eureke.dashboards.panel import Board, Event, Panel, Query, Unit

SOURCE: Final = DataSourceRef(type_val="prometheus", uid="prometheus")
WINDOW: Final = "$__rate_interval"
"""Grafana's own word for a range that has enough samples."""
UNITS: Final[dict[Unit, str]] = {
    "per_s": "cps",
    "seconds": "s",
    "bytes": "bytes",
    "share": "percentunit",
    "count": "short",
    "cores": "short",
}
WIDTH, HEIGHT = 12, 8
"""Of a panel, on Grafana's grid of 24 columns."""


def dashboard_json(board: Board, *, events: Iterable[Event] = ()) -> str:
    """The dashboard, to be loaded by Grafana; events are drawn into all its panels."""
    page = (
        dashboard.Dashboard(board.title)
        .uid(f"eureke-{board.id}")
        .description(board.about)
        .tags(["eureke"])
        .timezone("browser")
        .time("now-15m", "now")
        .refresh("5s")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .readonly()
    )
    for event in events:
        page.annotation(_annotation(event))
    for panel in board.panels:
        page.with_panel(_panel(panel))
    return JSONEncoder(sort_keys=True, indent=2).encode(page.build())


def _annotation(event: Event) -> dashboard.AnnotationQuery:
    return (
        dashboard.AnnotationQuery()
        .name(event.title)
        .datasource(SOURCE)
        .expr(event.query.over(WINDOW))
        .enable(True)
        .icon_color("red" if event.bad else "blue")
    )


def _panel(panel: Panel) -> timeseries.Panel:
    drawn = (
        timeseries.Panel()
        .title(panel.title)
        .description(panel.question)
        .datasource(SOURCE)
        .unit(UNITS[panel.unit])
        .min(0)
        .span(WIDTH)
        .height(HEIGHT)
        .fill_opacity(10)
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
    )
    for letter, query in zip(string.ascii_uppercase, panel.queries, strict=False):
        drawn.with_target(_target(query).ref_id(letter))
    if panel.stacked:
        drawn.stacking(common.StackingConfig().mode(StackingMode.NORMAL))
    if panel.limit is not None:
        drawn.thresholds(_limit(panel.limit)).thresholds_style(
            common.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.LINE)
        )
    return drawn


def _target(query: Query) -> prometheus.Dataquery:
    return (
        prometheus.Dataquery()
        .datasource(SOURCE)
        .expr(query.over(WINDOW))
        .legend_format(query.legend)
        .range()
    )


def _limit(limit: float) -> dashboard.ThresholdsConfig:
    steps = [Threshold(value=None, color="green"), Threshold(value=limit, color="red")]
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)


def provisioning(prometheus_url: str, dashboards: str) -> dict[str, str]:
    """The files by which Grafana finds Prometheus and the dashboards, by their names.

    Args:
        prometheus_url: as Grafana's server sees it.
        dashboards: the folder of the dashboards, as Grafana's server sees it.
    """
    source = {
        "apiVersion": 1,
        "datasources": [
            {
                "name": "Prometheus",
                "uid": SOURCE.uid,
                "type": SOURCE.type_val,
                "access": "proxy",
                "url": prometheus_url,
                "isDefault": True,
                "editable": False,
                "jsonData": {"timeInterval": "1s", "httpMethod": "POST"},
            }
        ],
    }
    provider = {
        "apiVersion": 1,
        "providers": [
            {
                "name": "eureke",
                "type": "file",
                "disableDeletion": True,
                "allowUiUpdates": False,
                "options": {"path": dashboards},
            }
        ],
    }
    # JSON is YAML: nothing has to be quoted by hand.
    return {
        "datasources/prometheus.yaml": json.dumps(source, indent=2) + "\n",
        "dashboards/eureke.yaml": json.dumps(provider, indent=2) + "\n",
    }
