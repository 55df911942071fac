"""Programs of others that the stack runs: found on this machine, else fetched into the checkout."""

from eureke.programs.install import damaged, install
from eureke.programs.kafka import kafka_classpath
from eureke.programs.optional import nginx, prometheus
from eureke.programs.program import Program
from eureke.programs.redis import redis_server
from eureke.programs.runtime import java

__all__ = [
    "Program",
    "damaged",
    "install",
    "java",
    "kafka_classpath",
    "nginx",
    "prometheus",
    "redis_server",
]
