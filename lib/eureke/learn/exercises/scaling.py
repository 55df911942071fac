"""Exercises of the chapter on scaling."""

from collections.abc import Callable
from math import isclose
from typing import Final

from eureke.learn.exercise import Exercise, NotYet
from eureke.theory import Scalability


def _check_contention(contention: Callable[[float, float], float]) -> None:
    """Whether the law with this contention, and no coherency, goes through both measurements."""
    for one_per_s, two_per_s in ((1000, 2000), (1000, 1600), (250, 250), (40, 50)):
        found = contention(one_per_s, two_per_s)
        if found < -1e-9:
            raise NotYet(f"For {one_per_s} and {two_per_s} a second it is negative: {found:.3g}.")
        law = Scalability(one_per_s=one_per_s, contention=found, coherency=0.0)
        if not isclose(law.per_s(2), two_per_s, rel_tol=1e-6):
            raise NotYet(
                f"One does {one_per_s} a second; with a contention of {found:.3g} two would do "
                f"{law.per_s(2):.4g}, and they did {two_per_s}."
            )


def _check_workers(workers: Callable[[float, float, int], int]) -> None:
    """Whether one fewer would be too few, and none is too many."""
    for per_s, took_ms, threads in ((278, 20, 8), (278, 500, 8), (1, 1, 1), (1000, 160, 16)):
        found = workers(per_s, took_ms, threads)
        under_way = per_s * took_ms / 1000
        if found * threads < under_way - 1e-9:
            raise NotYet(
                f"{per_s} tasks a second of {took_ms} ms are {under_way:g} under way at a time; "
                f"{found} workers with {threads} threads have {found * threads}."
            )
        if found > 1 and (found - 1) * threads >= under_way - 1e-9:
            raise NotYet(
                f"For {under_way:g} tasks under way at a time {found} workers are more than needed."
            )


def _check_idle(idle: Callable[[int, int], int]) -> None:
    """Whether it counts the members for whom no partition is left."""
    for dispatchers, partitions in ((1, 4), (4, 4), (6, 4), (12, 4)):
        shares = [0] * dispatchers
        for partition in range(partitions):
            shares[partition % dispatchers] += 1
        if (found := idle(dispatchers, partitions)) != shares.count(0):
            raise NotYet(
                f"{dispatchers} dispatchers share {partitions} partitions like this: {shares}; "
                f"yours says that {found} have nothing to read."
            )


EXERCISES: Final = {
    "contention": Exercise(
        _check_contention,
        [
            "the law for two, without coherency: twice what one does, divided by one and σ.",
            "put the two throughputs in and solve it for σ.",
        ],
    ),
    "workers": Exercise(
        _check_workers,
        [
            "Little's law says how many tasks are under way at a time.",
            "a whole number, rounded up, and one at least.",
        ],
    ),
    "idle": Exercise(
        _check_idle,
        [
            "a partition is read by one member of a group, never by two.",
            "and there are never fewer idle ones than none.",
        ],
    ),
}
