"""What a dashboard is, before anything draws it: questions, and the PromQL that answers them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

WINDOW: Final = "$window"
"""Stands for the range of a rate: whoever draws knows how often there is a sample."""

Unit = Literal["per_s", "seconds", "bytes", "share", "count", "cores"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A PromQL expression, and what its lines are called."""

    expression: str
    legend: str
    """With `{{label}}` for a label's value."""

    def over(self, window: str) -> str:
        """The expression with rates over that range, such as `5s`."""
        return self.expression.replace(WINDOW, window)

    def name(self, labels: dict[str, str]) -> str:
        """What the line with these labels is called."""
        found = self.legend
        for label, value in labels.items():
            found = found.replace(f"{{{{{label}}}}}", value)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One figure of a dashboard."""

    title: str
    question: str
    """What a reader learns from it."""
    unit: Unit
    queries: tuple[Query, ...]
    stacked: bool = False
    limit: float | None = None
    """Where it gets serious, in its unit."""
    rare: bool = False
    """Whether there may be nothing to show in a run without faults."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What is marked in every panel, whenever its expression has an answer."""

    title: str
    query: Query
    bad: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A page of panels."""

    id: str
    title: str
    about: str
    panels: tuple[Panel, ...]

    def queries(self) -> Iterator[tuple[Panel, Query]]:
        """Each query, with the panel that asks it."""
        for panel in self.panels:
            for query in panel.queries:
                yield panel, query
