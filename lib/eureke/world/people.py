"""Who is written to, and what they have asked for: a Parquet table of users and preferences.

The same scenario always makes the same people; user 0 is written to most, and each further one a
little less.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from eureke.notification import CHANNELS
from eureke.scenario import Scenario

ZONES: Final = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Australia/Adelaide",
    "Africa/Lagos",
)
QUIET_FROM_MINUTE: Final = 22 * 60
QUIET_UNTIL_MINUTE: Final = 7 * 60
CAPS: Final = (2, 5)
"""The least and the most that a user with a cap wants in five minutes."""
SPAWN: Final = 0x9E0913
SCHEMA: Final = pa.schema(
    [
        ("id", pa.int64()),
        ("username", pa.string()),
        ("email", pa.string()),
        ("channels", pa.string()),
        ("time_zone", pa.string()),
        ("quiet_from", pa.int16()),
        ("quiet_until", pa.int16()),
        ("cap", pa.int16()),
    ]
)
Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class People:
    """A row for each user, by number.

    channels: a bit for each of CHANNELS that the user takes, the first the lowest.
    zone: where in ZONES.
    quiet: whether the user has quiet hours.
    cap: 0 where there is none.
    """

    channels: Array
    zone: Array
    quiet: Array
    cap: Array


def people(scenario: Scenario) -> People:
    """The people of a scenario, drawn by its seed; beside one's own input they refuse nothing."""
    if scenario.input:
        scenario = replace(scenario, opted_out_share=0.0, quiet_share=0.0, capped_share=0.0)
    count = scenario.users
    chance = np.random.default_rng([scenario.seed, SPAWN])
    refused = chance.random((count, len(CHANNELS))) < scenario.opted_out_share
    refused[refused.all(axis=1), 0] = False  # who has an account takes one channel at least
    bits = 1 << np.arange(len(CHANNELS))
    capped = chance.random(count) < scenario.capped_share
    return People(
        channels=(~refused * bits).sum(axis=1).astype(np.uint8),
        zone=chance.integers(0, len(ZONES), count).astype(np.int8),
        quiet=chance.random(count) < scenario.quiet_share,
        cap=(chance.integers(CAPS[0], CAPS[1] + 1, count) * capped).astype(np.int16),
    )


def write_people(scenario: Scenario, path: Path) -> int:
    """Writes the people as a table that the users database can take over; gives their number."""
    found = people(scenario)
    names = [
        ",".join(name for bit, name in enumerate(CHANNELS) if mask >> bit & 1)
        for mask in range(1 << len(CHANNELS))
    ]
    count = 0 if scenario.input else len(found.cap)
    quiet, cap = found.quiet[:count], found.cap[:count]
    columns = [
        range(count),
        [f"user{each}" for each in range(count)],
        [f"user{each}@example.com" for each in range(count)],
        [names[mask] for mask in found.channels[:count]],
        [ZONES[zone] for zone in found.zone[:count]],
        np.ma.array(np.full(count, QUIET_FROM_MINUTE), mask=~quiet).tolist(),
        np.ma.array(np.full(count, QUIET_UNTIL_MINUTE), mask=~quiet).tolist(),
        np.ma.array(cap, mask=cap == 0).tolist(),
    ]
    arrays = [pa.array(column, kind.type) for column, kind in zip(columns, SCHEMA, strict=True)]
    pq.write_table(pa.Table.from_arrays(arrays, schema=SCHEMA), path)
    return count
