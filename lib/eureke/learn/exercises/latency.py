"""Exercises of the chapter on latency."""

import random
from collections.abc import Callable, Sequence
from math import ceil, floor, isclose
from typing import Final

from eureke.learn.exercise import Exercise, NotYet

Told = Callable[[list[float], float], float | None]
BEYOND: Final = 10


def _check_told(told: Told) -> None:
    """Whether it gives a sample that really is of that rank, and keeps silent where it must."""
    chance = random.Random(3)
    for count, share in ((100, 0.5), (100, 0.9), (99, 0.9), (1000, 0.99), (900, 0.99), (12, 0.1)):
        values = [round(chance.lognormvariate(2, 1), 3) for _ in range(count)]
        found = told(list(values), share)
        enough = count * (1 - share) >= BEYOND - 1e-9
        if not enough and found is not None:
            raise NotYet(
                f"Of {count} samples {count * (1 - share):.1f} lie beyond {share:.0%}: fewer than "
                f"{BEYOND}, and yours tells {found:g}."
            )
        if not enough:
            continue
        if found is None or found not in values:
            raise NotYet(f"For {share:.0%} of {count} samples yours gives {found}, none of them.")
        below = sum(value <= found for value in values)
        if not floor(count * share) <= below <= ceil(count * share) + 1:
            raise NotYet(
                f"Below or at your {found:g} lie {below} of {count} samples, for {share:.0%}."
            )


def _check_left_out(left_out: Callable[[float, float], int]) -> None:
    """Whether it counts the sends that had their time while one was waited for."""
    for wait_ms, every_ms in ((2_000, 20), (5, 20), (20, 20), (39.9, 20), (41, 20), (1_000, 3.6)):
        # The schedule goes on, interval after interval, as long as the wait lasts.
        due = sum(1 for number in range(1, 2_000) if number * every_ms < wait_ms)
        found = left_out(wait_ms, every_ms)
        if found != due:
            raise NotYet(
                f"One is sent, and waited for {wait_ms:g} ms; one is due every {every_ms:g} ms. "
                f"{due} had their time before its answer came; yours says {found}."
            )


def _check_together(together: Callable[[list[dict[int, int]], float], int]) -> None:
    """Whether it is the percentile of all samples, whichever part they are in."""
    chance = random.Random(5)
    for parts in (2, 7):
        histograms: list[dict[int, int]] = []
        samples: list[int] = []
        for part in range(parts):
            some = [int(chance.expovariate(1 / (10 + 90 * part))) for _ in range(40 * (part + 1))]
            samples += some
            histograms.append({value: some.count(value) for value in set(some)})
        for share in (0.5, 0.9, 0.99):
            found = together([dict(each) for each in histograms], share)
            below = sum(value < found for value in samples) / len(samples)
            upto = sum(value <= found for value in samples) / len(samples)
            if not (below <= share + 1e-9 and (upto >= share or isclose(upto, share))):
                raise NotYet(
                    f"Of all {len(samples)} samples in {parts} histograms {below:.1%} lie below "
                    f"your {found} and {upto:.1%} at or below it; asked for was {share:.0%}."
                )


_HINTS: Final[dict[str, Sequence[str]]] = {
    "told": [
        "sort them first; and count how many lie beyond before you tell anything.",
        "of n sorted samples, how many have to lie at or below the one that you tell?",
    ],
    "left_out": [
        "while one is waited for the schedule goes on: which of its times lie within the wait?",
        "after one interval, two, three: how many of these are less than the wait?",
    ],
    "together": [
        "what can be added without losing anything: percentiles, or counts?",
        "add the counts of the same value, then go up value by value until the share is reached.",
    ],
}

EXERCISES: Final = {
    "told": Exercise(_check_told, _HINTS["told"]),
    "left_out": Exercise(_check_left_out, _HINTS["left_out"]),
    "together": Exercise(_check_together, _HINTS["together"]),
}
