"""Prometheus: asks every process of the stack that tells of itself."""

from typing import Final

from eureke.dashboards import RULES
from eureke.stack.service import Container, Service

# A target that answers more than this does not know its labels' limits: it counts as down.
CONFIGURATION: Final = """\
global:
  scrape_interval: $scrape_interval
  scrape_timeout: $scrape_interval
  evaluation_interval: $scrape_interval
rule_files: [rules.yaml]
scrape_configs:
  - job_name: eureke
    sample_limit: 5000
    body_size_limit: 4MB
    file_sd_configs:
      - files: [targets.json]
        refresh_interval: 1s
"""

_OPTIONS: Final = (
    "--storage.tsdb.retention.time=2d",
    "--storage.tsdb.retention.size=256MB",
    # No page of the web may read it by a reader's browser.
    "--web.cors.origin=none",
    "--log.level=warn",
)
_INSIDE: Final = "/etc/prometheus"

PROMETHEUS = Service(
    name="prometheus",
    side="equipment",
    ports=("",),
    files={
        "prometheus.yml": CONFIGURATION,
        "rules.yaml": RULES.read_text().replace("$", "$$"),
        "targets.json": "$targets",
    },
    command=(
        "$prometheus",
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=data",
        "--web.listen-address=$bind:$port",
        *_OPTIONS,
    ),
    probe="http",
    health="/-/ready",
    container=Container(
        image="prometheus",
        ports={"": 9090},
        peer_port=9090,
        command=(
            f"--config.file={_INSIDE}/prometheus.yml",
            "--storage.tsdb.path=/prometheus",
            *_OPTIONS,
        ),
        mounts={
            name: f"{_INSIDE}/{name}" for name in ("prometheus.yml", "rules.yaml", "targets.json")
        },
    ),
)
