"""Grafana: shows the dashboards, provisioned from files and from nowhere else."""

from functools import cache
from typing import Final

from eureke.dashboards import BOARDS, EVENTS
from eureke.stack.service import Container, Service

PROMETHEUS_URL: Final = "http://prometheus:9090"
"""As containers see it."""
FOLDER: Final = "/etc/eureke"
"""Of its files, inside a container."""
DASHBOARDS: Final = "dashboards"
PROVISIONING: Final = "provisioning"
ENVIRONMENT: Final = {
    "GF_SECURITY_ADMIN_PASSWORD": "$password",
    # Who reads needs no account; who changes something needs the password of this run.
    "GF_AUTH_ANONYMOUS_ENABLED": "true",
    "GF_AUTH_ANONYMOUS_ORG_ROLE": "Viewer",
    "GF_USERS_ALLOW_SIGN_UP": "false",
    # Nothing is asked of anybody outside.
    "GF_ANALYTICS_REPORTING_ENABLED": "false",
    "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
    "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
    "GF_SECURITY_DISABLE_GRAVATAR": "true",
    "GF_NEWS_NEWS_FEED_ENABLED": "false",
    "GF_PLUGINS_PREINSTALL_DISABLED": "true",
}
PATHS: Final = {
    "GF_SERVER_HTTP_ADDR": "$bind",
    "GF_SERVER_HTTP_PORT": "$port",
    "GF_PATHS_DATA": "$folder/data",
    "GF_PATHS_LOGS": "$folder/logs",
    "GF_PATHS_PLUGINS": "$folder/plugins",
    "GF_PATHS_PROVISIONING": f"$folder/{PROVISIONING}",
}
"""With processes: nothing of it lies outside the run folder."""


@cache
def grafana(prometheus_url: str = PROMETHEUS_URL, *, folder: str = FOLDER) -> Service:
    """One Grafana: a container, or the one on PATH, since no package registry has it.

    Args:
        prometheus_url: as Grafana sees it.
        folder: where its files are, as Grafana sees it.
    """
    # Imported here: its types cost every start of a stack, and few stacks have a Grafana.
    from eureke.dashboards.grafana import dashboard_json, provisioning  # noqa: PLC0415

    files = {
        f"{PROVISIONING}/{name}": text
        for name, text in provisioning(prometheus_url, f"{folder}/{DASHBOARDS}").items()
    }
    for board in BOARDS:
        shown = dashboard_json(board, events=EVENTS).replace("$", "$$")
        files[f"{DASHBOARDS}/{board.id}.json"] = f"{shown}\n"
    return Service(
        name="grafana",
        side="equipment",
        ports=("",),
        files=files,
        command=("$grafana", "server", "--homepath", "$grafana_home"),
        environment=ENVIRONMENT | PATHS,
        probe="http",
        health="/api/health",
        needs=("prometheus",),
        container=Container(
            image="grafana",
            ports={"": 3000},
            peer_port=3000,
            command=(),
            environment=ENVIRONMENT | {"GF_PATHS_PROVISIONING": f"{FOLDER}/{PROVISIONING}"},
            mounts={name: f"{FOLDER}/{name}" for name in files},
            folder="/var/lib/grafana",
        ),
    )
