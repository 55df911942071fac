"""Small experiments of the chapters, each with real requests; each gives a table."""

from eureke.experiments.balancing import balancing
from eureke.experiments.calls import calls, dies, failed, recovery_s
from eureke.experiments.pages import pages
from eureke.experiments.protocols import protocols, told_by
from eureke.experiments.replicas import load_curve, replicas
from eureke.experiments.retries import retries
from eureke.experiments.sizes import demand, partitions, sizes

__all__ = [
    "balancing",
    "calls",
    "demand",
    "dies",
    "failed",
    "load_curve",
    "pages",
    "partitions",
    "protocols",
    "recovery_s",
    "replicas",
    "retries",
    "sizes",
from eureke.experiments.alarms import alarm
from eureke.experiments.expressions import expressions
from eureke.experiments.quantiles import quantiles
from eureke.experiments.scrapes import scrapes
from eureke.experiments.signals import signals
from eureke.experiments.symptoms import away, symptoms
    "alarm",
    "away",
    "expressions",
    "quantiles",
    "scrapes",
    "signals",
    "symptoms",
    "told_by",
]
