"""In which order sizes are measured."""

from collections.abc import Iterator, Sequence


def to_and_fro(sizes: Sequence[int], *, rounds: int) -> Iterator[tuple[int, int]]:
    """Each round's number with each size, every other round from the last one back.

    What drifts with time then favours no size, and little is scaled from one to the next.
    """
    for number in range(rounds):
        for size in sizes if number % 2 == 0 else reversed(sizes):
            yield number, size
