"""What runs: one file a server, data only."""

from eureke.stack.catalogue.api import api
from eureke.stack.catalogue.canary import CANARY
from eureke.stack.catalogue.dispatcher import dispatcher
from eureke.stack.catalogue.exporter import EXPORTER
from eureke.stack.catalogue.grafana import grafana
from eureke.stack.catalogue.kafka import KAFKA, compiler_level
from eureke.stack.catalogue.nginx import nginx
from eureke.stack.catalogue.observer import OBSERVER
from eureke.stack.catalogue.postgres import POSTGRES
from eureke.stack.catalogue.prometheus import PROMETHEUS
from eureke.stack.catalogue.provider import PROVIDER
from eureke.stack.catalogue.redis import REDIS_CACHE, REDIS_QUEUE
from eureke.stack.catalogue.sampler import SAMPLER
from eureke.stack.catalogue.worker import worker

REDIS = (REDIS_QUEUE, REDIS_CACHE)
INFRASTRUCTURE = (KAFKA, *REDIS)
CONTAINERS_ONLY = (POSTGRES,)
EQUIPMENT = (PROVIDER, OBSERVER, SAMPLER)
MONITORING = (PROMETHEUS, EXPORTER, CANARY)

__all__ = [
    "CANARY",
    "CONTAINERS_ONLY",
    "EQUIPMENT",
    "EXPORTER",
    "INFRASTRUCTURE",
    "KAFKA",
    "MONITORING",
    "OBSERVER",
    "POSTGRES",
    "PROMETHEUS",
    "PROVIDER",
    "REDIS",
    "REDIS_CACHE",
    "REDIS_QUEUE",
    "SAMPLER",
    "api",
    "compiler_level",
    "dispatcher",
    "grafana",
    "nginx",
    "worker",
]
