"""What should become of each notification: the world's own idea of the policy.

Written apart from the pipeline's code and in another way, so that an error in one of them shows
as `misjudged`. Rows are judged as columns of numbers, and only caps one by one.
"""

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from eureke.world.people import QUIET_FROM_MINUTE, QUIET_UNTIL_MINUTE, ZONES, Array, People

MINUTE_NS: Final = 60_000_000_000
CAP_SLOT_NS: Final = 5 * MINUTE_NS


class Expectation:
    """Judges the notifications of one load, in the order in which they are sent."""

    def __init__(self, people: People, *, urgent: bool) -> None:
        self._people = people
        self._urgent = urgent
        self._slot = -1
        self._had: dict[int, int] = {}

    def held_back(self, users: Array, channels: Array, created_ns: Array) -> list[bool]:
        """Whether each is opted out of or falls into quiet hours; caps come after it."""
        taken = self._people.channels[users] >> channels & 1
        held = taken == 0
        if not self._urgent:
            held |= self._people.quiet[users] & self._at_night(users, created_ns)
        return [bool(each) for each in held]

    def over_cap(self, user: int, created_ns: int) -> bool:
        """Whether the user has had enough; counts it where not. Times never go back."""
        most = int(self._people.cap[user])
        if most == 0 or self._urgent:
            return False
        slot = created_ns // CAP_SLOT_NS
        if slot != self._slot:
            self._slot = slot
            self._had.clear()
        had = self._had.get(user, 0)
        if had == most:
            return True
        self._had[user] = had + 1
        return False

    def _at_night(self, users: Array, created_ns: Array) -> Array:
        minutes = created_ns // MINUTE_NS
        begin, end = int(minutes.min()), int(minutes.max())
        clocks = np.array(
            [[_clock(zone, minute) for minute in range(begin, end + 1)] for zone in ZONES]
        )
        local = clocks[self._people.zone[users], minutes - begin]
        night: Array = (local >= QUIET_FROM_MINUTE) | (local < QUIET_UNTIL_MINUTE)
        return night


def _clock(zone: str, minute: int) -> int:
    """What the clocks of a zone show, in minutes since midnight."""
    shown = datetime.fromtimestamp(minute * 60, UTC).astimezone(ZoneInfo(zone))
    return shown.hour * 60 + shown.minute
