"""Exercises: an answer is judged by what it does, not by what it looks like.

Each check lives in `exercises/`, and tries the answer on small worlds of its own: no server is
needed, and no answer stands anywhere in this package.
"""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from eureke.errors import BadParameter

CHAPTERS: Final = {
    "00-start-here": "eureke.learn.exercises.start",
    "01-rest": "eureke.learn.exercises.rest",
    "02-graphql": "eureke.learn.exercises.graphql",
    "03-which-protocol": "eureke.learn.exercises.protocol",
    "08-latency": "eureke.learn.exercises.latency",
    "09-scaling": "eureke.learn.exercises.scaling",
    "10-monitoring": "eureke.learn.exercises.monitoring",
}


class NotYet(Exception):
    """What an answer does that it should not do, with the case that shows it."""


@dataclass(frozen=True, slots=True)
class Exercise:
    """A question's check, and hints that say more and more."""

    check: Callable[[Any], None]
    """Raises NotYet."""
    hints: Sequence[str]


@dataclass(frozen=True, slots=True)
class Answered:
    """How an answer was judged."""

    name: str
    right: bool
    said: str

    def __repr__(self) -> str:
        return f"{self.name}: {self.said}"


def exercise(name: str, answer: Any) -> Answered:
    """Judges an answer; None is no answer, and no failure.

    Args:
        name: of the exercise, such as `01-rest/backoff`.
        answer: what the exercise asks for.

    Raises:
        BadParameter: there is no such exercise.
    """
    asked = _found(name)
    if answer is None:
        return Answered(name, False, f"not answered yet. A first hint: {asked.hints[0]}")
    try:
        asked.check(answer)
    except NotYet as complaint:
        return Answered(name, False, f"not yet. {complaint}")
    except Exception as error:  # noqa: BLE001  it is the reader's code that failed
        return Answered(name, False, f"not yet. It raised {type(error).__name__}: {error}")
    return Answered(name, True, "right.")


def hint(name: str, number: int = 1) -> str:
    """A hint for an exercise; a higher number says more."""
    hints = _found(name).hints
    return hints[max(1, min(number, len(hints))) - 1]


def _found(name: str) -> Exercise:
    chapter, _, which = name.partition("/")
    if chapter not in CHAPTERS:
        raise BadParameter(
            f"there are no exercises for {chapter!r}", remedy=f"one of: {', '.join(CHAPTERS)}"
        )
    exercises: dict[str, Exercise] = importlib.import_module(CHAPTERS[chapter]).EXERCISES
    if which not in exercises:
        raise BadParameter(
            f"chapter {chapter} has no exercise {which!r}",
            remedy=f"one of: {', '.join(exercises)}",
        )
    return exercises[which]
