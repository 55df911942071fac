"""Learning by guessing first: a prediction, held against what was measured."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass

PAPERMILL_VARIABLE = "EUREKE_PAPERMILL"
"""Set where a notebook runs without a reader in front of it."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a reader expects; None where nobody was there to be asked."""

    question: str
    guess: float | None

    def __str__(self) -> str:
        if self.guess is None:
            return "no prediction"
        return f"{self.question} You expect {self.guess:,.0f}."

    def against(self, measured: float) -> str:
        """One sentence that holds the measured value against the guess."""
        if self.guess is None:
            return f"no prediction; measured: {measured:,.0f}"
        if self.guess <= 0:
            return f"you expected {self.guess:,.0f}; measured: {measured:,.0f}"
        factor = measured / self.guess
        verdict = f"{factor:.1f} times as much" if factor >= 1 else f"{1 / factor:.1f} times less"
        return f"you expected {self.guess:,.0f}; measured: {measured:,.0f}, {verdict}"


def predict(question: str, *, ask: Callable[[str], str] | None = None) -> Prediction:
    """The reader's answer in a number; an empty answer, or no reader, is no prediction.

    Args:
        question: is asked as it is.
        ask: where the answer comes from; the keyboard by default.
    """
    if ask is None:
        if not _somebody_reads():
            return Prediction(question, None)
        ask = input
    while True:
        answer = ask(f"{question} ").strip().replace(",", "").replace("_", "")
        if not answer:
            return Prediction(question, None)
        try:
            return Prediction(question, float(answer))
        except ValueError:
            print(f"{answer!r} is no number; leave it empty for no prediction", file=sys.stderr)


def _somebody_reads() -> bool:
    """Whether there is a kernel with a reader, or a terminal, to answer."""
    if os.environ.get(PAPERMILL_VARIABLE):
        return False
    return "ipykernel" in sys.modules or sys.stdin.isatty()
