"""What a run will take, said before it starts, and refused where the disk has no room."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil

from eureke.errors import LoadFailed

BYTES_EACH: Final = 1_200
"""Disk for each notification: load, Kafka's log, the records of sender and provider."""
PER_S: Final = 25_000
"""Notifications a second, all passes over them included, on two cores."""
BASE_S: Final = 25
ROUND_S: Final = 25
"""Of the chapter on scaling: a round of one size, of all that is scaled."""
MEMORY_GIB: Final = 2.5
PACED: Final = ("open_loop_s", "steady_s", "fault_s")
"""Parameters that are seconds of a load whose send times are fixed in advance."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Time, disk and memory of a run, rounded up."""

    seconds: float
    disk_gib: float
    memory_gib: float

    def __str__(self) -> str:
        minutes = max(1, round(self.seconds / 60))
        return (
            f"about {minutes} min, {self.disk_gib:.1f} GiB of disk, "
            f"up to {self.memory_gib:.1f} GiB of memory"
        )


def estimate(parameters: Mapping[str, Any]) -> Estimate:
    """What a notebook with these parameters will take."""
    count = parameters.get("count", 0)
    open_loop_s = sum(parameters.get(name, 0.0) for name in PACED)
    sizes = int(parameters.get("most", 0)).bit_length()
    rounds_s = sizes * parameters.get("rounds", 0) * ROUND_S
    loads_s = sizes * parameters.get("loads", 0) * 3 * parameters.get("step_s", 0.0)
    loads_s += parameters.get("levels", 0) * (parameters.get("level_s", 0.0) + 3)
    loads_s += 2.5 * parameters.get("omission_s", 0.0)
    all_records = count + open_loop_s * parameters.get("rate_per_s", 0.0)
    return Estimate(
        seconds=BASE_S + rounds_s + loads_s + open_loop_s * 1.1 + all_records / PER_S,
        disk_gib=0.2 + all_records * BYTES_EACH / 2**30,
        memory_gib=MEMORY_GIB,
    )


def check(expected: Estimate, folder: Path) -> list[str]:
    """Raises LoadFailed where the disk is too small; gives warnings for what is only tight."""
    free_gib = shutil.disk_usage(folder).free / 2**30
    if free_gib < expected.disk_gib:
        raise LoadFailed(
            f"the run needs {expected.disk_gib:.1f} GiB of disk, {free_gib:.1f} GiB are free",
            remedy="free some, or ask for fewer notifications with `-p count=…`",
        )
    memory_gib = psutil.virtual_memory().available / 2**30
    if memory_gib < expected.memory_gib:
        return [f"only {memory_gib:.1f} GiB of memory are free: the run may be slow or fail"]
    return []
