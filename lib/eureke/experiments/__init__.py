"""Small experiments of the chapters, each with real requests; each gives a table."""

from eureke.experiments.pages import pages
from eureke.experiments.protocols import protocols, told_by
from eureke.experiments.retries import retries

__all__ = ["pages", "protocols", "retries", "told_by"]
