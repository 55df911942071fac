"""Small experiments of the chapters, each with real requests; each gives a table."""

from eureke.experiments.alarms import alarm
from eureke.experiments.balancing import balancing
from eureke.experiments.calls import calls, dies, failed, recovery_s
from eureke.experiments.demand import demand
from eureke.experiments.enough import averaged, enough
from eureke.experiments.expressions import expressions
from eureke.experiments.journey import journey
from eureke.experiments.levels import levels
from eureke.experiments.omission import noticed, omission
from eureke.experiments.pages import pages
from eureke.experiments.parts import hops, parts
from eureke.experiments.protocols import protocols, told_by
from eureke.experiments.quantiles import quantiles
from eureke.experiments.records import record
from eureke.experiments.replicas import load_curve, replicas
from eureke.experiments.retries import retries
from eureke.experiments.scrapes import scrapes
from eureke.experiments.signals import signals
from eureke.experiments.sizes import partitions, sizes
from eureke.experiments.symptoms import away, symptoms
from eureke.experiments.ways import compared, ways

__all__ = [
    "alarm",
    "averaged",
    "away",
    "balancing",
    "calls",
    "compared",
    "demand",
    "dies",
    "enough",
    "expressions",
    "failed",
    "hops",
    "journey",
    "levels",
    "load_curve",
    "noticed",
    "omission",
    "pages",
    "partitions",
    "parts",
    "protocols",
    "quantiles",
    "record",
    "recovery_s",
    "replicas",
    "retries",
    "scrapes",
    "signals",
    "sizes",
    "symptoms",
    "told_by",
    "ways",
]
