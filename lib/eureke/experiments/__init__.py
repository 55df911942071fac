"""Small experiments of the chapters, each with real requests; each gives a table."""

from eureke.experiments.pages import pages
from eureke.experiments.retries import retries

__all__ = ["pages", "retries"]
