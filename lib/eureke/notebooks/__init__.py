"""The notebooks' door: run with parameters, reported, and made into pages people read."""

from eureke.notebooks import quick  # noqa: F401  before what it is for
from eureke.notebooks.execute import Executed, execute
from eureke.notebooks.page import newest, stale, write_page

__all__ = ["Executed", "execute", "newest", "stale", "write_page"]
