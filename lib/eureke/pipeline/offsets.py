"""Which offsets may be committed: those before the smallest one without an outcome."""

import itertools
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

PARTITION_SHIFT = 48
OFFSET_MASK = (1 << PARTITION_SHIFT) - 1


def place(partition: int, offset: int) -> int:
    """Partition and offset in one integer, so that a batch's places are one packed array."""
    return partition << PARTITION_SHIFT | offset


def split(packed: int) -> tuple[int, int]:
    """Partition and offset of a packed place."""
    return packed >> PARTITION_SHIFT, packed & OFFSET_MASK


@dataclass(slots=True)
class Unsettled:
    """Holds on offsets: whatever has no outcome yet holds the smallest offset it contains."""

    _next: dict[int, int] = field(default_factory=dict)
    _holds: dict[Hashable, dict[int, int]] = field(default_factory=dict)

    def read_up_to(self, partition: int, offset: int) -> None:
        """Notes that the records of the partition before the offset have been read."""
        self._next[partition] = offset

    def hold(self, key: Hashable, first: dict[int, int]) -> None:
        """Keeps each partition's commits from passing its offset in `first`."""
        self._holds[key] = first

    def release(self, key: Hashable) -> None:
        """Ends a hold; unknown keys are fine, since an outcome can be heard of twice."""
        self._holds.pop(key, None)

    def forget(self, partitions: Iterable[int]) -> None:
        """Drops partitions that belong to another member now."""
        for partition in partitions:
            self._next.pop(partition, None)

    def committable(self, growing: Iterable[dict[int, int]] = ()) -> dict[int, int]:
        """For each partition the offset to commit: everything before it has an outcome.

        Args:
            growing: the smallest offsets of batches that are not sent yet.
        """
        offsets = dict(self._next)
        for first in itertools.chain(self._holds.values(), growing):
            for partition, offset in first.items():
                if offset < offsets.get(partition, -1):
                    offsets[partition] = offset
        return offsets
