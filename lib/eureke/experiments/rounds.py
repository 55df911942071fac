"""In which order sizes are measured."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def to_and_fro(sizes: Sequence[T], *, rounds: int) -> Iterator[tuple[int, T]]:
    """Each round's number with each size, every other round from the last one back.

    What drifts with time then favours no size, and little is scaled from one to the next.
    """
    for number in range(rounds):
        for size in sizes if number % 2 == 0 else reversed(sizes):
            yield number, size
