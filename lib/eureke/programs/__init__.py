"""Programs of others that the stack runs: found on this machine, else fetched into the checkout."""

from eureke.programs.grafana import GRAFANA, grafana_home
from eureke.programs.install import damaged, install
from eureke.programs.kafka import kafka_classpath
from eureke.programs.kafka_archive import archive_option, make_archive
from eureke.programs.nginx import NGINX
from eureke.programs.nginx import counts as nginx_counts
from eureke.programs.program import Program
from eureke.programs.prometheus import PROMETHEUS, PROMTOOL
from eureke.programs.redis import REDIS
from eureke.programs.runtime import java
from eureke.programs.sought import Sought

__all__ = [
    "GRAFANA",
    "NGINX",
    "PROMETHEUS",
    "PROMTOOL",
    "REDIS",
    "Program",
    "Sought",
    "archive_option",
    "damaged",
    "grafana_home",
    "install",
    "java",
    "kafka_classpath",
    "make_archive",
    "nginx_counts",
]
