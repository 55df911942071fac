"""How far something is: a bar for people at a terminal, a line now and then in a log."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Final, TextIO

from tqdm import tqdm

APART_S: Final = 2.0
"""Between two lines in a log; the last one always comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How far a load is at one moment."""

    phase: str
    t_s: float
    """Since it began."""
    sent: int
    settled: int
    """Records that have their outcome."""
    total: int
    over: bool = False
    """Nothing of it is on its way any more."""


Watch = Callable[[Look], None]
"""Is told how far a load is, a few times a second."""


def unwatched(_look: Look) -> None:
    """Nobody looks."""


class Progress:
    """Shows how much of `total` is done and about how many seconds remain.

    Args:
        label: what is being done.
        total: how much there is to do; grows when more turns up.
        unit: of what.
    """

    def __init__(
        self,
        label: str,
        *,
        total: float,
        unit: str,
        out: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._label, self._total, self._unit = label, max(total, 1), unit
        self._out = out or sys.stderr
        self._clock = clock
        self._began_s = self._told_s = clock()
        self._tenths = 0
        self._bar = tqdm(
            total=self._total,
            desc=label,
            unit=f" {unit}",
            file=self._out,
            leave=False,
            disable=not self._out.isatty(),
        )

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.close()

    def reach(self, done: float) -> None:
        """Shows that so much is done by now."""
        if self._out.isatty():
            self._bar.update(min(done, self._total) - self._bar.n)
            return
        tenths = int(10 * min(done, self._total) / self._total)
        waited = self._clock() - self._told_s >= APART_S
        if tenths > self._tenths and (waited or tenths == 10):
            self._tenths, self._told_s = tenths, self._clock()
            self._out.write(self._line(done) + "\n")
            self._out.flush()

    def _line(self, done: float) -> str:
        spent_s = self._clock() - self._began_s
        left_s = spent_s * (self._total - done) / done if done else 0
        remains = f"about {left_s:.0f} s remain" if self._tenths < 10 else f"{spent_s:.0f} s"
        return f"{self._label}: {self._tenths * 10:3d} %  {done:,.0f} {self._unit}  {remains}"
