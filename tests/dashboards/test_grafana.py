"""What Grafana is given: read back by its own types, and every question in it."""

import json
from pathlib import Path

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from eureke.dashboards import BOARDS, EVENTS, Board
from eureke.dashboards.grafana import WINDOW, dashboard_json, provisioning

EACH = pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.id)


@EACH
def test_grafana_s_own_types_read_it_and_lose_nothing(board: Board) -> None:
    written = dashboard_json(board, events=EVENTS)
    read = Dashboard.from_json(json.loads(written))
    assert JSONEncoder(sort_keys=True, indent=2).encode(read) == written


@EACH
def test_every_question_is_in_it(board: Board) -> None:
    page = json.loads(dashboard_json(board, events=EVENTS))
    assert [panel["title"] for panel in page["panels"]] == [each.title for each in board.panels]
    asked = [target["expr"] for panel in page["panels"] for target in panel["targets"]]
    assert asked == [query.over(WINDOW) for _, query in board.queries()]
    assert len(page["annotations"]["list"]) == len(EVENTS)


@EACH
def test_panels_do_not_lie_on_each_other(board: Board) -> None:
    page = json.loads(dashboard_json(board))
    cells = [
        (at["x"] + column, at["y"] + row)
        for at in (panel["gridPos"] for panel in page["panels"])
        for column in range(at["w"])
        for row in range(at["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(column for column, _ in cells) < 24


@EACH
def test_each_unit_is_that_of_what_is_asked(board: Board) -> None:
    for panel, query in board.queries():
        expression = query.over("5s")
        assert unit_of(expression) == panel.unit, f"{panel.title}: {expression}"


def unit_of(expression: str) -> str:
    """By Prometheus' own conventions for names."""
    kinds = {
        " / ": "share",
        "burn_rate": "count",
        "rate(eureke_process_cpu_seconds": "cores",
        "histogram_quantile": "seconds",
        "rate(": "per_s",
        "deriv(": "per_s",
        "_seconds": "seconds",
        "_bytes": "bytes",
    }
    return next((unit for sign, unit in kinds.items() if sign in expression), "count")


def test_it_is_told_where_everything_is(tmp_path: Path) -> None:
    files = provisioning("http://prometheus:9090", "/var/lib/grafana/dashboards")
    source = json.loads(files["datasources/prometheus.yaml"])["datasources"][0]
    shown = json.loads(dashboard_json(BOARDS[0]))["panels"][0]
    assert shown["datasource"]["uid"] == source["uid"]
    assert source["url"] == "http://prometheus:9090"
    provider = json.loads(files["dashboards/eureke.yaml"])["providers"][0]
    assert provider["options"]["path"] == "/var/lib/grafana/dashboards"
