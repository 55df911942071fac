"""Dashboards and rules: what is asked of Prometheus; who draws it is decided elsewhere."""

from pathlib import Path
from typing import Final

from eureke.dashboards.api import API
from eureke.dashboards.celery import CELERY
from eureke.dashboards.kafka import KAFKA
from eureke.dashboards.overview import OVERVIEW
from eureke.dashboards.panel import Board, Event, Panel, Query
from eureke.dashboards.redis import REDIS
from eureke.dashboards.slo import SLO
from eureke.dashboards.stages import STAGES

BOARDS: Final = (OVERVIEW, STAGES, KAFKA, REDIS, CELERY, API, SLO)
EVENTS: Final = (
    Event(
        title="sends",
        query=Query(
            expression="sum by (sender) (rate(eureke_sender_sent_total[$window])) > 0",
            legend="{{sender}}",
        ),
    ),
    Event(
        title="started again",
        query=Query(
            expression="changes(process_start_time_seconds[$window]) > 0", legend="{{instance}}"
        ),
        bad=True,
    ),
    Event(title="away", query=Query(expression="up == 0", legend="{{instance}}"), bad=True),
)
"""What is marked in every panel."""
TABLE, EVENT_TABLE = "panels", "events"
"""What their tables are called in a result."""
RULES: Final = Path(__file__).with_name("rules.yaml")

__all__ = [
    "BOARDS",
    "EVENTS",
    "EVENT_TABLE",
    "OVERVIEW",
    "RULES",
    "TABLE",
    "Board",
    "Event",
    "Panel",
    "Query",
]
