"""The retry budget: how many items may be tried again now.

A provider that fails half of what it gets must not get twice as much for it. Retries are paid for
by a share of first tries, beside a rate that is always free, as in Finagle's `RetryBudget`.
"""

from collections.abc import Callable
from typing import Final

SHARE: Final = 0.2
FREE_PER_S: Final = 2_000.0
SAVED_MOST: Final = 20_000.0
"""Items: a budget that was not used for long is no licence for a storm."""


class RetryBudget:
    """A bucket of retries that fills by time and by first tries."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._filled_ns = clock()
        self._left = FREE_PER_S

    def tried(self, items: int) -> None:
        """Notes first tries, which pay for a share of retries."""
        self._left = min(SAVED_MOST, self._left + SHARE * items)

    @property
    def left(self) -> int:
        """How many retries may go now."""
        now_ns = self._clock()
        free = (now_ns - self._filled_ns) / 1e9 * FREE_PER_S
        self._left = min(SAVED_MOST, self._left + free)
        self._filled_ns = now_ns
        return int(self._left)

    def spend(self, retries: int) -> None:
        """Pays for retries that go now."""
        self._left -= retries
