"""Exercises of the chapter on choosing a protocol."""

from collections.abc import Callable
from math import isclose
from typing import Final

from eureke.learn.exercise import Exercise, NotYet


def _check_cores(cores: Callable[[float, float], float]) -> None:
    """Whether work a second is what it says."""
    for per_hour, cpu_ms_each in ((1_000_000, 0.36), (3_600, 1_000.0), (0, 5.0), (36_000_000, 2.0)):
        # A core has so many milliseconds in an hour, and each item takes some of them.
        share = per_hour / (1000 * 60 * 60) * cpu_ms_each
        found = cores(per_hour, cpu_ms_each)
        if not isclose(found, share, rel_tol=1e-6, abs_tol=1e-12):
            raise NotYet(
                f"{per_hour:,} an hour of {cpu_ms_each:g} ms each keep {share:.4g} cores busy; "
                f"yours says {found:.4g}."
            )


def _check_batch(batch: Callable[[float, float, float], int]) -> None:
    """Whether one more would be too many, and one less is not needed."""
    for request_ms, item_ms, limit_ms in ((10, 0.1, 100), (1, 1, 2), (5, 2, 6), (50, 1, 10)):
        found = batch(request_ms, item_ms, limit_ms)
        if found < 1:
            raise NotYet(f"A request carries one at least; for a limit of {limit_ms} ms: {found}.")
        if found > 1 and request_ms + found * item_ms > limit_ms + 1e-9:
            raise NotYet(
                f"{found} of {item_ms:g} ms and {request_ms:g} ms for the request are more than "
                f"{limit_ms:g} ms."
            )
        if request_ms + (found + 1) * item_ms <= limit_ms - 1e-9:
            raise NotYet(f"{found} fit into {limit_ms:g} ms, and so would {found + 1}.")


def _check_delay(delay: Callable[[float], tuple[float, float]]) -> None:
    """Whether the worst and the mean are those of a look at a random moment."""
    for every_s in (0.1, 2.0, 60.0):
        worst, mean = delay(every_s)
        looks = [every_s * (step + 0.5) / 1000 for step in range(1000)]
        right = max(looks), sum(looks) / len(looks)
        if not (isclose(worst, right[0], rel_tol=0.01) and isclose(mean, right[1], rel_tol=0.01)):
            raise NotYet(
                f"Looking every {every_s:g} s, a thousand events were known {right[0]:.3g} s late "
                f"at worst and {right[1]:.3g} s on the mean; yours says {worst:.3g} and {mean:.3g}."
            )


EXERCISES: Final = {
    "cores": Exercise(
        _check_cores,
        [
            "a core that is busy all the time works a thousand milliseconds each second.",
            "how many items come each second, and how many milliseconds do they need together?",
        ],
    ),
    "batch": Exercise(
        _check_batch,
        [
            "what is left of the limit when the request itself is paid?",
            "a whole number, rounded down, and never less than one.",
        ],
    ),
    "delay": Exercise(
        _check_delay,
        [
            "something happens at a random moment between two looks.",
            "at worst just after a look; what of all moments together?",
        ],
    ),
}
