"""Exercises of the chapter on monitoring."""

import random
from collections.abc import Callable, Sequence
from math import isclose
from typing import Final

from eureke.learn.exercise import Exercise, NotYet

Quantile = Callable[[float, Sequence[float], Sequence[float]], float]


def _check_increase(increase: Callable[[list[float]], float]) -> None:
    """Whether it finds what processes have really counted, each of which began at nothing."""
    for processes in (
        [[100, 104, 110]],
        [[100, 104], [2, 9, 30]],
        [[7, 8], [0, 5, 5], [1, 50], [3]],
    ):
        counted = sum(each[-1] for each in processes) - processes[0][0]
        samples = [float(value) for each in processes for value in each]
        found = increase(list(samples))
        if not isclose(found, counted, abs_tol=1e-9):
            told = ", ".join(f"{value:g}" for value in samples)
            raise NotYet(
                f"Of the samples {told} it makes {found:g}. There were {len(processes)} processes, "
                f"one after the other, and meanwhile they counted {counted}."
            )


def _check_quantile(quantile: Quantile) -> None:
    """Whether it lies where a straight line through the bucket would have it."""
    borders = [0.1, 0.2, 0.5, 1.0]
    for counts in ([10, 20, 60, 100], [0, 50, 50, 100], [1, 2, 3, 4]):
        for share in (0.05, 0.3, 0.5, 0.9, 0.99):
            found = quantile(share, borders, counts)
            below = _below(found, borders, counts)
            if not (0 <= found <= borders[-1] and isclose(below, share * counts[-1], rel_tol=1e-6)):
                raise NotYet(
                    f"With {counts} below {borders}, the share {share:g} is {share * counts[-1]:g} "
                    f"samples; below your {found:.4g} a straight line has {below:.4g}."
                )


def _below(value: float, borders: Sequence[float], counts: Sequence[float]) -> float:
    """How many samples lie below a value, were those of a bucket spread evenly in it."""
    total = lower = 0.0
    before = 0.0
    for border, count in zip(borders, counts, strict=True):
        part = min(max((value - lower) / (border - lower), 0.0), 1.0)
        total += part * (count - before)
        lower, before = border, count
    return total


def _check_states(states: Callable[[list[bool], float, float], list[str]]) -> None:
    """Whether it fires after long enough, never before, and begins anew after each good look."""
    chance = random.Random(2)
    for every_s, for_s in ((1, 3), (1, 0), (5, 12)):
        broken = [chance.random() < 0.8 for _ in range(60)]
        found = list(states(list(broken), every_s, for_s))
        if len(found) != len(broken):
            raise NotYet(f"For {len(broken)} looks it gives {len(found)} states.")
        for at, said in enumerate(found):
            good = [number for number in range(at + 1) if not broken[number]]
            since_s = (at - (max(good) + 1 if good else 0)) * every_s
            right = "firing" if since_s >= for_s else "pending"
            right = right if broken[at] else "inactive"
            if said != right:
                shown = "".join("x" if each else "." for each in broken[: at + 1])[-12:]
                raise NotYet(
                    f"A look every {every_s} s, `for: {for_s}s`, x is broken: after …{shown} it is "
                    f"{right}, and yours {said!r}."
                )


def _check_seen(seen: Callable[[float, float], float]) -> None:
    """Whether it is the share of all moments at which a burst may begin."""
    for burst_s, every_s in ((1, 15), (1, 60), (4, 5), (30, 15), (15, 15)):
        # The next look is after so long, for each moment at which the burst may begin.
        waits = [every_s * (step + 0.5) / 3000 for step in range(3000)]
        share = sum(wait <= burst_s for wait in waits) / len(waits)
        found = seen(burst_s, every_s)
        if not isclose(found, share, abs_tol=1e-3):
            raise NotYet(
                f"3,000 bursts of {burst_s:g} s, a look every {every_s:g} s: {share:.3f} of them "
                f"were seen; yours says {found:.3f}."
            )


EXERCISES: Final = {
    "increase": Exercise(
        _check_increase,
        [
            "a counter never falls, unless its process has begun again, at nothing.",
            "go from sample to sample; where it fell, how much has the new process counted?",
        ],
    ),
    "quantile": Exercise(
        _check_quantile,
        [
            "which bucket holds the sample of that rank? The counts include those below.",
            "within its bucket: how many samples into it, of how many that are in it alone?",
        ],
    ),
    "states": Exercise(
        _check_states,
        [
            "remember since when it has been broken without a break.",
            "one good look, and it begins anew; `for: 0s` fires at the first broken one.",
        ],
    ),
    "seen": Exercise(
        _check_seen,
        [
            "the burst begins at any moment between two looks; when is the next one?",
            "a burst that lasts longer than the interval cannot be missed.",
        ],
    ),
}
