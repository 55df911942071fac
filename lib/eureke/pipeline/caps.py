"""Caps: how many notifications of a user were accepted in the current window.

Windows follow one another every five minutes of `created_ns`, so that the count depends on the
log alone and a dispatcher that takes a partition over can rebuild it.
"""

from typing import Final

WINDOW_NS: Final = 300 * 1_000_000_000
WINDOWS_KEPT: Final = 4
"""Those that came last, whatever their times: one record from the future must not end all caps."""


class Caps:
    """Counts of one partition's users; only of those who have a cap."""

    def __init__(self) -> None:
        self._windows: dict[int, dict[int, int]] = {}

    def accepted(self, user_id: int, created_ns: int) -> int:
        """How many were accepted in the window of that time."""
        return self._windows.get(created_ns // WINDOW_NS, {}).get(user_id, 0)

    def accept(self, user_id: int, created_ns: int) -> None:
        """Counts one more."""
        number = created_ns // WINDOW_NS
        counts = self._windows.get(number)
        if counts is None:
            if len(self._windows) == WINDOWS_KEPT:
                del self._windows[next(iter(self._windows))]
            counts = self._windows[number] = {}
        counts[user_id] = counts.get(user_id, 0) + 1
