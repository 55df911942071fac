"""Batches of one channel: what one Celery task carries and the dispatcher waits for."""

import itertools
import uuid
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from eureke.pipeline.offsets import OFFSET_MASK, PARTITION_SHIFT, split


def doubled(first_s: float, times: int, *, most_s: float) -> float:
    """A wait that doubles with each time, up to a bound; an outage may last for days."""
    return min(most_s, first_s * float(2 ** min(times, 30)))


@dataclass(frozen=True, slots=True)
class Try:
    """What is known of an item that was tried before."""

    attempts: int = 0
    first_ns: int = 0
    paused_ns: int = 0
    """How long its channel was paused since."""


FRESH = Try()


@dataclass(slots=True)
class Batch:
    """Notifications of one channel that are sent together under one id."""

    id: str
    channel: str
    polled_ns: int
    urgent: bool = False
    """Whether it goes ahead of others in the same queue, by Celery's priorities."""
    values: list[bytes] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    tries: dict[int, Try] = field(default_factory=dict)
    """By place, for the items that were tried before."""
    sent_ns: int = 0
    sends: int = 0
    parked_ns: int = 0

    def __len__(self) -> int:
        return len(self.values)

    def add(self, value: bytes, notification_id: str, packed_place: int) -> None:
        """Puts a notification into the batch."""
        self.values.append(value)
        self.ids.append(notification_id)
        self.places.append(packed_place)

    def extend(self, other: "Batch") -> None:
        """Puts all of another batch of the same channel into this one."""
        self.values += other.values
        self.ids += other.ids
        self.places += other.places
        self.tries |= other.tries
        self.polled_ns = min(self.polled_ns, other.polled_ns)

    def renamed(self, batch_id: str) -> "Batch":
        """The same notifications as a batch that was never sent."""
        return replace(self, id=batch_id, sent_ns=0, sends=0)

    def without(self, partitions: set[int]) -> "Batch":
        """The same batch without the items of some partitions."""
        kept = [at for at, packed in enumerate(self.places) if split(packed)[0] not in partitions]
        places = [self.places[at] for at in kept]
        return replace(
            self,
            values=[self.values[at] for at in kept],
            ids=[self.ids[at] for at in kept],
            places=places,
            tries={packed: self.tries[packed] for packed in places if packed in self.tries},
        )

    def first(self) -> dict[int, int]:
        """The smallest offset of each partition in the batch."""
        # The last to be put in is the smallest.
        backwards = sorted(self.places, reverse=True)
        return {packed >> PARTITION_SHIFT: packed & OFFSET_MASK for packed in backwards}

    def packed_places(self) -> bytes:
        """The places as 64-bit integers in the machine's byte order."""
        return array("q", self.places).tobytes()

    def bodies(self, items_per_request: int) -> list[bytes]:
        """The request bodies: JSON arrays of the original values, never encoded again."""
        values = self.values
        return [
            b"[" + b",".join(values[start : start + items_per_request]) + b"]"
            for start in range(0, len(values), items_per_request)
        ]


def batch_ids() -> Iterator[str]:
    """Ids that no other dispatcher and no other life of this one will use."""
    life = uuid.uuid4().hex[:12]
    return (f"{life}-{number}" for number in itertools.count(1))
