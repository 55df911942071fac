"""Exercises of the first chapter."""

import random
from collections.abc import Callable, Sequence
from math import ceil
from typing import Final

from eureke.learn.exercise import Exercise, NotYet


def _check_percentile(percentile: Callable[[list[float], float], float]) -> None:
    """Whether it is a value of the list that has as many below it as it should, and no more."""
    chance = random.Random(3)
    for count, share in ((100, 0.5), (100, 0.9), (1000, 0.99), (7, 0.5), (20, 0.95)):
        values = [round(chance.lognormvariate(3, 0.5), 2) for _ in range(count)]
        found = percentile(list(values), share)
        if found not in values:
            raise NotYet(
                f"For p{100 * share:g} of {count} latencies it makes {found:g} ms, and none "
                "took so long."
            )
        faster = sum(each < found for each in values)
        slower = sum(each > found for each in values)
        if faster > share * count + 1e-9 or slower > (1 - share) * count + 1e-9:
            raise NotYet(
                f"For p{100 * share:g} of {count} latencies it makes {found:g} ms; {faster} were "
                f"faster, and {slower} slower."
            )


def _check_needed(needed: Callable[[float], float]) -> None:
    """Whether ten samples lie beyond it then, and would not with two fewer."""
    for share in (0.5, 0.9, 0.95, 0.99, 0.999):
        found = needed(share)
        beyond = found * (1 - share)
        # One more or less may come of the last digit of a float.
        if abs(found - ceil(10 / (1 - share) - 1e-6)) > 1:
            raise NotYet(
                f"Of {found:,.0f} samples {beyond:,.1f} lie beyond p{100 * share:g}; it should be "
                "ten, and not one sample more than that takes."
            )


def _check_commit(commit: Callable[[int, set[int]], int]) -> None:
    """Whether nothing without an outcome lies before it, and nothing more is held back."""
    cases: Sequence[tuple[int, set[int]]] = (
        (10, set()), (10, {9}), (10, {4, 7}), (10, {0, 1, 2}), (5, {4, 3}), (0, set()),
    )  # fmt: skip
    for read_to, under_way in cases:
        found = commit(read_to, set(under_way))
        lost = sorted(each for each in under_way if each < found)
        told = f"Read up to {read_to}, under way {sorted(under_way) or 'none'}: it commits {found}."
        if lost:
            raise NotYet(f"{told} Who goes on from there never sends {lost[0]}.")
        if found > read_to:
            raise NotYet(f"{told} Nobody has read so far.")
        if found < read_to and found not in under_way:
            raise NotYet(f"{told} Record {found} has its outcome; it would be sent once more.")


EXERCISES: Final = {
    "percentile": Exercise(
        _check_percentile,
        [
            "put them in their order first: then it is one of them, and the question is which.",
            "the first one counts as 0; of a hundred, which place has 90 before it?",
        ],
    ),
    "needed": Exercise(
        _check_needed,
        [
            "one in how many lies beyond p99? And beyond p99.9?",
            "ten times that; a whole number, rounded up.",
        ],
    ),
    "commit": Exercise(
        _check_commit,
        [
            "a committed offset is where the next one goes on: everything before it is over.",
            "the first record that is still under way holds it back; where none is, nothing does.",
        ],
    ),
}
