"""What is sent, and what should become of each notification.

The same scenario, phase, salt and day always give the same bytes.
"""

import itertools
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from eureke.notification import CHANNELS, Channel, Priority
from eureke.progress import Progress
from eureke.scenario import HOURLY_RATE_PER_S, Scenario
from eureke.world.arrivals import offsets_ns
from eureke.world.expectation import Expectation
from eureke.world.input import read_input
from eureke.world.load import ROWS, LoadWriter, Made, check_space
from eureke.world.people import people

EPOCH_NS: Final = 1_790_000_000_000_000_000
"""When the first notification of every load was created: a fixed moment, so that runs compare."""
LIFETIME_NS: Final = 86_400 * 1_000_000_000
DUPLICATE_DISTANCE: Final = 3_000
"""A duplicate comes at most so many records after its first."""
ZIPF_EXPONENT: Final = 0.9
TEMPLATES: Final = ("order-shipped", "sign-in-code", "invoice-due", "weekly-digest")
INPUT_PHASE: Final = "flat-out"
"""One's own notifications are sent once; sent again they would be duplicates."""
SHOWN_EVERY: Final = 100_000
"""So many records take a second or two to write."""
NORMAL, DUPLICATE, MALFORMED, REJECTED, EXPIRED = range(5)
DAY_NS: Final = 86_400 * 1_000_000_000
DAYS: Final = 28
"""Loads are created on days of their own, of one season: caps of one load leave others alone."""
YEAR_DAYS: Final = 365
SPACING_NS: Final = round(1_000_000_000 / HOURLY_RATE_PER_S)
"""They were created at the hourly rate, however fast they are sent."""


def population(
    scenario: Scenario,
    *,
    phase: str,
    count: int,
    salt: str = "",
    day: int = 0,
    priority: Priority = "bulk",
) -> Iterator[Made]:
    """The notifications of a phase: Zipf-distributed users, and shares of each kind of trouble.

    Args:
        scenario: shares, users and seed.
        phase: other phases have other notifications.
        count: how many.
        salt: makes other ids and references, and nothing else: a warm stack remembers ids.
        day: on which they were created; a warm stack remembers caps too.
        priority: of all of them.
    """
    if priority == "urgent":
        # So few come that a duplicate, in a lane with many others, would lie beyond its window.
        scenario = replace(scenario, duplicate_share=0.0)
    seeds = [scenario.seed, zlib.crc32(phase.encode())]
    chances = np.random.default_rng(seeds)
    chances_of_ids = np.random.default_rng([*seeds, zlib.crc32(salt.encode())])
    ranks = np.arange(1, scenario.users + 1, dtype=np.float64) ** -ZIPF_EXPONENT
    users_until = np.cumsum(ranks) / ranks.sum()
    expectation = Expectation(people(scenario), urgent=priority == "urgent")
    recent: list[Made] = []
    for first in range(0, count, ROWS):
        size = min(ROWS, count - first)
        created = _day_ns(day) + np.arange(first, first + size, dtype=np.int64) * SPACING_NS
        draws = _drawn(scenario, users_until, created, chances, chances_of_ids)
        held_back = expectation.held_back(draws.users, draws.channels, created)
        for draw in draws.rows(first, held_back):
            if draw.kind == DUPLICATE and recent:
                before = recent[draw.pick % len(recent)]
                yield Made(before.id, before.key, before.value, "duplicate")
                continue
            made = _made(draw, expectation, priority)
            if draw.kind != MALFORMED:
                if len(recent) < DUPLICATE_DISTANCE:
                    recent.append(made)
                else:
                    recent[draw.seq % DUPLICATE_DISTANCE] = made
            yield made


class _Draw(NamedTuple):
    """All that chance decides of one notification."""

    seq: int
    kind: int
    user: int
    channel: int
    template: int
    pick: int
    created_ns: int
    held_back: bool
    random: str


@dataclass(frozen=True, slots=True)
class _Draws:
    """The draws of some notifications, a column each."""

    kinds: list[int]
    users: npt.NDArray[np.int64]
    channels: npt.NDArray[np.int64]
    templates: list[int]
    bits: str
    picks: list[int]
    created: npt.NDArray[np.int64]

    def rows(self, first: int, held_back: Sequence[bool]) -> Iterator[_Draw]:
        columns = zip(
            itertools.count(first),
            self.kinds,
            self.users.tolist(),
            self.channels.tolist(),
            self.templates,
            self.picks,
            self.created.tolist(),
            held_back,
            (self.bits[at : at + 48] for at in range(0, len(self.bits), 48)),
            strict=False,
        )
        return itertools.starmap(_Draw, columns)


def _drawn(
    scenario: Scenario,
    users_until: npt.NDArray[np.float64],
    created: npt.NDArray[np.int64],
    chances: np.random.Generator,
    chances_of_ids: np.random.Generator,
) -> _Draws:
    """The draws in their order, on which every load's bytes depend."""
    size = len(created)
    return _Draws(
        kinds=_kinds(scenario, chances, size),
        users=np.searchsorted(users_until, chances.random(size)),
        channels=chances.integers(0, len(CHANNELS), size),
        templates=chances.integers(0, len(TEMPLATES), size).tolist(),
        bits=chances_of_ids.bytes(24 * size).hex(),
        picks=chances.integers(0, DUPLICATE_DISTANCE, size).tolist(),
        created=created,
    )


def _made(draw: _Draw, expectation: Expectation, priority: Priority) -> Made:
    """The notification of a draw, and what should become of it."""
    user, random = draw.user, draw.random
    if draw.kind == MALFORMED:
        return Made(None, str(user), _malformed(draw.seq, random), "malformed")
    if draw.kind == EXPIRED:
        expected = "expired"
    elif draw.held_back or expectation.over_cap(user, draw.created_ns):
        expected = "suppressed"
    else:
        expected = "rejected" if draw.kind == REJECTED else "delivered"
    channel = CHANNELS[draw.channel]
    to = _recipient(channel, user, rejected=draw.kind == REJECTED)
    head = f'{{"id":"{_id(random)}","user_id":{user},"channel":"{channel}",'
    body = f'"priority":"{priority}","template":"{TEMPLATES[draw.template]}",'
    data = f'"data":{{"to":"{to}","ref":"{random[32:48]}"}},'
    value = (head + body + data + _times(draw.created_ns, draw.kind)).encode()
    return Made(_id(random), str(user), value, expected)


def _day_ns(day: int) -> int:
    """The first moment of a load's day; later ones come round in later years."""
    return EPOCH_NS + (day // DAYS * YEAR_DAYS + day % DAYS) * DAY_NS


def _times(created_ns: int, kind: int) -> str:
    expires_ns = created_ns - 1 if kind == EXPIRED else created_ns + LIFETIME_NS
    return f'"created_ns":{created_ns},"expires_ns":{expires_ns}}}'


def _kinds(scenario: Scenario, chance: np.random.Generator, size: int) -> list[int]:
    drawn = chance.random(size)
    shares = (
        scenario.duplicate_share,
        scenario.malformed_share,
        scenario.rejected_share,
        scenario.expired_share,
    )
    until = np.cumsum(shares)
    kinds = np.full(size, NORMAL)
    kinds[drawn < until[3]] = EXPIRED
    kinds[drawn < until[2]] = REJECTED
    kinds[drawn < until[1]] = MALFORMED
    kinds[drawn < until[0]] = DUPLICATE
    return [int(kind) for kind in kinds]


def _id(random: str) -> str:
    return f"{random[:8]}-{random[8:12]}-4{random[13:16]}-a{random[17:20]}-{random[20:32]}"


def _recipient(channel: Channel, user: int, *, rejected: bool) -> str:
    """An address that nobody has: names of RFC 2606, numbers reserved for fiction."""
    if rejected:
        return f"user{user}@gone.invalid"
    match channel:
        case "email":
            return f"user{user}@example.com"
        case "sms":
            return f"+1202555{100 + user % 100:04d}"
        case "webhook":
            return f"https://hooks.example.org/{user}"
        case "push":
            return f"device-{user}.push.example.net"


def _malformed(seq: int, random: str) -> bytes:
    """A value that no reader can take, of a kind that goes round."""
    kinds = (
        f"plain text {random}".encode(),
        f'{{"id":"{random}","user_id":1,'.encode(),
        f'{{"id":"{random}","user_id":"not a number"}}'.encode(),
        f'{{"id":"{random}"}}'.encode(),
        b"",
        b"\xff\xfe" + bytes.fromhex(random),
        b"[]",
        b"\x00" * 40,
    )
    return kinds[seq % len(kinds)]


def write_load(
    scenario: Scenario,
    folder: Path,
    *,
    phase: str,
    count: int,
    arrivals: str,
    rate_per_s: float,
    salt: str = "",
    day: int = 0,
    priority: Priority = "bulk",
) -> int:
    """Writes a phase's load into the folder and gives the number of its records.

    Of many it shows how far it is.
    """
    check_space(folder, count=count)
    shown = Progress(f"writing {phase}", total=count, unit="notifications")
    with LoadWriter(folder) as writer, shown:
        if scenario.input and phase == INPUT_PHASE:
            for made in read_input(Path(scenario.input), folder):  # all of them, whatever the count
                writer.add(made, 0)
            return writer.count
        source = population(
            scenario, phase=phase, count=count, salt=salt, day=day, priority=priority
        )
        offsets = offsets_ns(arrivals, count=count, rate_per_s=rate_per_s, seed=scenario.seed)
        for made, offset_ns in zip(source, offsets.tolist(), strict=True):
            writer.add(made, offset_ns)
            if writer.count % SHOWN_EVERY == 0:
                shown.reach(writer.count)
        return writer.count
