"""What Prometheus saw of a run: every panel of every dashboard, as tables of the result."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from eureke.dashboards import BOARDS, EVENT_TABLE, EVENTS, TABLE, Event, Query
from eureke.errors import ServiceFailed
from eureke.measure.account import Account
from eureke.measure.prometheus import Prometheus
from eureke.measure.validity import CLOCK_STEP_MOST_S

POINTS_MOST: Final = 600
"""Of each line: finer than that nobody sees."""
HOLE_S: Final = 5.0
"""For so long nothing may be kept without being told of; a sample may be a little late."""
SAMPLES_IN_WINDOW: Final = 4
"""A rate needs two samples, and one or two may be late."""
OUTCOMES: Final = "sum by (outcome) (eureke_dispatcher_outcomes_total)"
CANARIES: Final = 'sum(eureke_canaries_total{fate="through"})'
COUNTED: Final = {
    "delivered": "delivered",
    "suppressed": "suppressed",
    "expired": "expired",
    "duplicate": "duplicates",
    "malformed": "malformed",
    "dead_lettered": "dead_lettered",
}
"""What the account calls an outcome, by what the dispatchers call it."""


class Watched:
    """A run that Prometheus watches, from now on; should it be away, the run goes on without."""

    def __init__(
        self, url: str, *, interval_s: float, clock: Callable[[], float] = time.time
    ) -> None:
        self._prometheus = Prometheus(url)
        self._interval_s = interval_s
        self._clock = clock
        self._begin_s, self._began_s = clock(), time.monotonic()
        self._scraped_s: float | None = None
        self._before: dict[str, float] | None = None
        self._agreement: list[dict[str, Any]] = []
        self.trouble = ""
        """What is missing, and why; empty where nothing is."""

    def begin_phase(self) -> None:
        """What was counted before belongs to nothing that follows."""
        self._before = self._outcomes()
        if self._scraped_s is None and self._before is not None:
            self._scraped_s = self._clock()

    def end_phase(self, name: str, account: Account) -> None:
        """Puts what the dispatchers have counted beside the account, which knows nothing of them.

        Canaries are counted by the dispatchers; those that came through are taken off, and the
        few that are on their way just then make the difference.
        """
        before, counted = self._before, self._outcomes()
        if before is None or counted is None:
            return
        for outcome, called in COUNTED.items():
            told = counted.get(outcome, 0) - before.get(outcome, 0)
            row = {"phase": name, "outcome": outcome, "account": getattr(account, called)}
            self._agreement.append(row | {"prometheus": int(told)})

    def write(self, folder: Path) -> None:
        """Asks everything and writes it into the result's folder."""
        end_s = self._end_s()
        self._told(lambda: self._look_for_holes(end_s))
        step_s = max(self._interval_s, (end_s - self._begin_s) / POINTS_MOST)
        window = f"{1000 * max(SAMPLES_IN_WINDOW * self._interval_s, step_s):.0f}ms"
        span = {"begin_s": self._begin_s, "end_s": end_s, "step_s": step_s}
        lines = self._told(lambda: list(self._lines(window, span))) or []
        events = self._told(lambda: list(self._events(window, span))) or []
        for name, columns, rows in (
            (TABLE, ["board", "panel", "line", "time_s", "value"], lines),
            (EVENT_TABLE, ["time_s", "title", "bad"], events),
            ("agreement", ["phase", "outcome", "account", "prometheus"], self._agreement),
        ):
            pd.DataFrame(rows, columns=columns).to_parquet(folder / f"{name}.parquet")

    def _end_s(self) -> float:
        """Now, by the clock that Prometheus goes by, wherever it may stand by now."""
        lasted_s = time.monotonic() - self._began_s
        stepped_s = self._clock() - self._begin_s - lasted_s
        if abs(stepped_s) > CLOCK_STEP_MOST_S:
            self._miss(f"the wall clock stepped by {stepped_s:+.1f} s, and samples go by it")
        return self._begin_s + lasted_s + max(stepped_s, 0.0)

    def _look_for_holes(self, end_s: float) -> None:
        """Whether the exporter answered is kept at every look: without that, there was none."""
        if self._scraped_s is None or end_s <= self._scraped_s:
            return
        span = f"{1000 * (end_s - self._scraped_s):.0f}ms"
        found = self._prometheus.now(f'up{{job="exporter"}}[{span}]', at_s=end_s)
        kept_s = np.array([self._scraped_s, *found["time_s"], end_s])
        at = int(np.diff(kept_s).argmax())
        hole_s = float(kept_s[at + 1] - kept_s[at])
        if hole_s > max(HOLE_S, SAMPLES_IN_WINDOW * self._interval_s + 1):
            since_s = kept_s[at] - self._begin_s
            self._miss(f"Prometheus kept nothing for {hole_s:.1f} s, from {since_s:.0f} s on")

    def _miss(self, what: str) -> None:
        """Remembers what is missing; what was so first is mostly why."""
        self.trouble = self.trouble or what

    def _told(self, ask: Callable[[], Any]) -> Any:
        """What Prometheus tells; None where it cannot, which is remembered."""
        try:
            return ask()
        except ServiceFailed as error:
            self._miss(error.what.splitlines()[0])
            return None

    def _outcomes(self) -> dict[str, float] | None:
        """Records by outcome so far, once all that has happened is told."""
        counts: dict[str, float] | None = self._told(self._counted)
        return counts

    def _counted(self) -> dict[str, float]:
        self._prometheus.until_scraped(self._clock())
        found = self._prometheus.now(OUTCOMES)
        counts = dict(zip(found.get("outcome", []), found["value"], strict=True))
        canaries = self._prometheus.now(CANARIES)["value"].sum()
        return counts | {"delivered": counts.get("delivered", 0) - canaries}

    def _lines(self, window: str, span: dict[str, float]) -> Iterator[tuple[Any, ...]]:
        for board in BOARDS:
            for panel, query in board.queries():
                for name, time_s, value in self._asked(query, window, span):
                    yield board.id, panel.title, name, time_s, value

    def _events(self, window: str, span: dict[str, float]) -> Iterator[tuple[float, str, bool]]:
        for event in EVENTS:
            yield from self._begins(event, window, span)

    def _begins(
        self, event: Event, window: str, span: dict[str, float]
    ) -> Iterator[tuple[float, str, bool]]:
        """Where an event's expression has an answer after it had none; what was so when the run
        began is none of its events."""
        last_s: dict[str, float] = {}
        for name, time_s, _ in self._asked(event.query, window, span):
            if time_s - last_s.get(name, 0.0) > 1.5 * span["step_s"]:
                yield time_s, f"{event.title} {name}", event.bad
            last_s[name] = time_s

    def _asked(
        self, query: Query, window: str, span: dict[str, float]
    ) -> Iterator[tuple[str, float, float]]:
        """Each line's name, moment of the run and value; what is no number is left out."""
        found = self._prometheus.over(query.over(window), **span)
        labels = [column for column in found if column not in ("time_s", "value")]
        for row in found.to_dict("records"):
            if np.isfinite(row["value"]):
                told = {str(each): str(row[each]) for each in labels}
                yield query.name(told), row["time_s"] - self._begin_s, row["value"]
