"""The policy: one verdict a record, the same whenever it is judged, and the world agrees."""

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eureke.errors import BadParameter
from eureke.notification import CHANNELS, Channel, Notification
from eureke.pipeline.caps import WINDOW_NS, WINDOWS_KEPT, Caps
from eureke.pipeline.policy import Preferences, Verdict, checked, judge, local_minute
from eureke.world.expectation import Expectation
from eureke.world.people import QUIET_FROM_MINUTE, QUIET_UNTIL_MINUTE, ZONES, People

NOON_NS = 1_790_000_000_000_000_000 // (86_400 * 10**9) * (86_400 * 10**9) + 12 * 3600 * 10**9
NIGHT = (22 * 60, 7 * 60)


def notification(**other: object) -> Notification:
    usual = Notification("id-1", 5, "email", "bulk", "hello", {}, NOON_NS, NOON_NS + 10**9)
    return msgspec.structs.replace(usual, **other)


def verdict(
    preferences: Preferences, *, duplicate: bool = False, accepted: int = 0, **other: object
) -> Verdict:
    return judge(notification(**other), preferences, duplicate=duplicate, accepted=accepted)


def test_who_has_refused_nothing_gets_everything() -> None:
    """Also what nobody knows anything of."""
    assert verdict(Preferences()) == "send"


def test_each_reason_holds_a_notification_back() -> None:
    """Where several do, the first is told: duplicate, expired, opted out, quiet hours, capped."""
    asleep = Preferences(("sms",), "Asia/Tokyo", quiet=(20 * 60, 8 * 60), cap=1)
    late: dict[str, Any] = {"expires_ns": NOON_NS}
    assert verdict(asleep, duplicate=True, accepted=1, **late) == "duplicate"
    assert verdict(asleep, accepted=1, **late) == "expired"
    assert verdict(asleep, accepted=1) == "opted out"
    assert verdict(asleep, accepted=1, channel="sms") == "quiet hours"
    awake = msgspec.structs.replace(asleep, quiet=None)
    assert verdict(awake, accepted=1, channel="sms") == "capped"
    assert verdict(awake, accepted=0, channel="sms") == "send"


def test_urgent_ones_wake_people_but_do_not_overrule_what_they_refused() -> None:
    """A sign-in code comes at night and over the cap, never by a channel that was opted out of."""
    asleep = Preferences(CHANNELS, "UTC", quiet=(11 * 60, 13 * 60), cap=1)
    assert verdict(asleep, accepted=9, priority="urgent") == "send"
    refused = msgspec.structs.replace(asleep, channels=("sms",))
    assert verdict(refused, priority="urgent") == "opted out"


@pytest.mark.parametrize(
    ("quiet", "minute", "is_quiet"),
    [
        ((600, 660), 599, False),
        ((600, 660), 600, True),
        ((600, 660), 659, True),
        ((600, 660), 660, False),
        (NIGHT, 22 * 60 - 1, False),
        (NIGHT, 22 * 60, True),
        (NIGHT, 0, True),
        (NIGHT, 7 * 60 - 1, True),
        (NIGHT, 7 * 60, False),
    ],
)
def test_quiet_hours_begin_with_their_first_minute_and_end_before_their_last(
    quiet: tuple[int, int], minute: int, is_quiet: bool
) -> None:
    """Over midnight too."""
    created_ns = NOON_NS - 12 * 3600 * 10**9 + minute * 60 * 10**9
    found = verdict(Preferences(quiet=quiet), created_ns=created_ns, expires_ns=created_ns + 1)
    assert (found == "quiet hours") is is_quiet


def test_the_local_clock_follows_summer_time() -> None:
    """Berlin on the last Sunday of October 2026: 00:59 UTC is 02:59, a minute later it is 02:00."""
    change_ns = 1_792_890_000 * 10**9
    assert local_minute(change_ns - 60 * 10**9, "Europe/Berlin") == 2 * 60 + 59
    assert local_minute(change_ns, "Europe/Berlin") == 2 * 60


@pytest.mark.parametrize(
    ("preferences", "said"),
    [
        (Preferences(channels=()), "name no channel"),
        (Preferences(channels=("fax",)), "unknown channel 'fax'"),  # type: ignore[arg-type]
        (Preferences(time_zone="Europe/Bärlin"), "unknown time zone 'Europe/Bärlin'"),
        (Preferences(time_zone="../../etc/passwd"), "unknown time zone"),
        (Preferences(cap=0), "a cap of 0"),
        (Preferences(quiet=(60, 60)), "quiet hours from 60 until 60"),
        (Preferences(quiet=(0, 1440)), "quiet hours from 0 until 1440"),
    ],
)
def test_preferences_that_cannot_be_are_told_with_a_remedy(
    preferences: Preferences, said: str
) -> None:
    """Whose they are, what is wrong, what would be right."""
    with pytest.raises(BadParameter, match="the preferences of user 7") as told:
        checked(preferences, whose="user 7")
    assert said in str(told.value)
    assert told.value.remedy


def test_caps_count_by_window_and_outlast_a_record_from_the_future() -> None:
    """One window more or less changes nothing for the others that came last."""
    caps = Caps()
    for _ in range(3):
        caps.accept(5, NOON_NS)
    caps.accept(5, NOON_NS + 10**18)
    assert caps.accepted(5, NOON_NS) == 3
    assert caps.accepted(5, NOON_NS + WINDOW_NS) == 0
    assert caps.accepted(6, NOON_NS) == 0


def test_caps_are_kept_for_few_windows() -> None:
    """Or they would grow as long as the log."""
    caps = Caps()
    for number in range(WINDOWS_KEPT + 1):
        caps.accept(5, NOON_NS + number * WINDOW_NS)
    assert caps.accepted(5, NOON_NS) == 0
    assert caps.accepted(5, NOON_NS + WINDOW_NS) == 1


people = st.lists(
    st.tuples(
        st.integers(1, 15),  # channels
        st.integers(0, len(ZONES) - 1),
        st.booleans(),
        st.sampled_from([0, 0, 1, 2]),
    ),
    min_size=1,
    max_size=4,
)
loads = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 200)), min_size=1, max_size=40
)


@given(people, loads, st.integers(0, 365 * 24 * 4), st.booleans())
def test_policy_and_world_come_to_the_same_verdict(
    rows: list[tuple[int, int, bool, int]],
    load: list[tuple[int, int, int]],
    quarter: int,
    urgent: bool,
) -> None:
    """Any people, any load, any quarter of an hour of a year: two codes, one answer."""
    table = np.array([(*row[:2], int(row[2]), row[3]) for row in rows])
    whose = People(table[:, 0], table[:, 1], table[:, 2].astype(bool), table[:, 3])
    begin_ns = NOON_NS + quarter * 900 * 10**9
    steps_s = np.cumsum([each[2] for each in load])
    created = begin_ns + steps_s.astype(np.int64) * 10**9
    users = np.array([each[0] % len(rows) for each in load])
    channels = np.array([each[1] for each in load])
    world = Expectation(whose, urgent=urgent)
    held_back = world.held_back(users, channels, created)
    caps = Caps()
    for at, (user, bit, created_ns) in enumerate(
        zip(users.tolist(), channels.tolist(), created.tolist(), strict=True)
    ):
        sent = notification(
            user_id=user,
            channel=CHANNELS[bit],
            priority="urgent" if urgent else "bulk",
            created_ns=created_ns,
            expires_ns=created_ns + 1,
        )
        wanted = preferences(whose, user)
        found = judge(sent, wanted, duplicate=False, accepted=caps.accepted(user, created_ns))
        if found == "send" and not urgent and wanted.cap is not None:
            caps.accept(user, created_ns)
        expected = held_back[at] or world.over_cap(user, created_ns)
        assert (found != "send") is expected, (found, sent, wanted)


def preferences(whose: People, user: int) -> Preferences:
    mask = int(whose.channels[user])
    channels: tuple[Channel, ...] = tuple(
        name for bit, name in enumerate(CHANNELS) if mask >> bit & 1
    )
    quiet = (QUIET_FROM_MINUTE, QUIET_UNTIL_MINUTE) if whose.quiet[user] else None
    return Preferences(channels, ZONES[whose.zone[user]], quiet, int(whose.cap[user]) or None)
