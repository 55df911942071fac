"""Policy: what may be sent, a pure function of record, preferences and what was sent before.

Time is the notification's own `created_ns`, never the wall clock: whoever judges a record again,
after a restart or years later, comes to the same verdict.
"""

import functools
from datetime import datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from eureke.errors import BadParameter
from eureke.notification import CHANNELS, Channel, Notification

Verdict = Literal["send", "duplicate", "expired", "opted out", "quiet hours", "capped"]
"""Where several hold, the first in this order is told."""

DAY_MINUTES: Final = 1440
MINUTE_NS: Final = 60_000_000_000


class Preferences(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a user wants: channels, the zone of their clock, quiet minutes of the day, a cap.

    `quiet` is from and until, in minutes of the local day; it may go over midnight. `cap` is the
    most notifications within one window of `Caps`.
    """

    channels: tuple[Channel, ...] = CHANNELS
    time_zone: str = "UTC"
    quiet: tuple[int, int] | None = None
    cap: int | None = None


EVERYTHING: Final = Preferences()
"""Of users that nobody knows: they have refused nothing."""


def judge(
    notification: Notification, preferences: Preferences, *, duplicate: bool, accepted: int
) -> Verdict:
    """Whether the notification is sent, or why not.

    Args:
        notification: the record.
        preferences: of its user.
        duplicate: whether its id stood in the log before.
        accepted: how many of the user's were accepted in the cap's window before.
    """
    if duplicate:
        return "duplicate"
    if notification.expires_ns <= notification.created_ns:
        return "expired"
    if notification.channel not in preferences.channels:
        return "opted out"
    if notification.priority != "urgent":  # a sign-in code is no good in the morning
        quiet = preferences.quiet
        if quiet is not None and _within(quiet, notification.created_ns, preferences.time_zone):
            return "quiet hours"
        if preferences.cap is not None and accepted >= preferences.cap:
            return "capped"
    return "send"


def _within(quiet: tuple[int, int], t_ns: int, time_zone: str) -> bool:
    begin, end = quiet
    minute = local_minute(t_ns, time_zone)
    return begin <= minute < end if begin < end else minute >= begin or minute < end


def local_minute(t_ns: int, time_zone: str) -> int:
    """The minute of the local day, 0 to 1439, at a time since the Unix epoch."""
    minute = t_ns // MINUTE_NS
    return (minute + _offset_minutes(time_zone, minute // 15)) % DAY_MINUTES


@functools.lru_cache(maxsize=10_000)
def _offset_minutes(time_zone: str, quarter: int) -> int:
    """What a zone's clock is ahead of UTC; it never changes but at a quarter of an hour."""
    offset = datetime.fromtimestamp(quarter * 900, ZoneInfo(time_zone)).utcoffset()
    return int(offset.total_seconds() // 60) if offset else 0


def checked(preferences: Preferences, *, whose: str) -> Preferences:
    """The preferences, if they make sense.

    Raises:
        BadParameter: no channel or an unknown one, an unknown zone, quiet hours or a cap that
            cannot be.
    """
    unknown = set(preferences.channels) - set(CHANNELS)
    if not preferences.channels or unknown:
        named = f"the unknown channel {min(unknown)!r}" if unknown else "no channel"
        raise BadParameter(
            f"the preferences of {whose} name {named}",
            remedy=f"name at least one of: {', '.join(CHANNELS)}",
        )
    if len(set(preferences.channels)) < len(preferences.channels):
        raise BadParameter(
            f"the preferences of {whose} name a channel twice", remedy="name each of them once"
        )
    try:
        ZoneInfo(preferences.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadParameter(
            f"the preferences of {whose} name the unknown time zone {preferences.time_zone!r}",
            remedy="give a name of the IANA time zone database, such as Europe/Berlin or UTC",
        ) from None
    if preferences.cap is not None and preferences.cap < 1:
        raise BadParameter(
            f"the preferences of {whose} have a cap of {preferences.cap}",
            remedy="give at least 1, or leave it empty for no cap; who wants nothing opts out",
        )
    if preferences.quiet is not None:
        begin, end = preferences.quiet
        if begin == end or not (0 <= begin < DAY_MINUTES and 0 <= end < DAY_MINUTES):
            raise BadParameter(
                f"the preferences of {whose} have quiet hours from {begin} until {end}",
                remedy="give two different minutes of the day, from 0 to 1439",
            )
    return preferences
