"""The in-flight table: batches without an outcome, and items that wait to be tried again."""

import heapq
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from eureke.notification import Receipt, Setback
from eureke.pipeline.batch import FRESH, Batch, Try
from eureke.pipeline.offsets import place, split

BACKOFF_BASE_S = 0.2
BACKOFF_MOST_S = 10.0
OVERDUE_MOST_S = 30.0
S = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Item:
    """One notification that was tried before."""

    channel: str
    place: int
    id: str
    value: bytes
    tried: Try
    reason: str = ""


@dataclass(slots=True)
class Settled:
    """What a receipt leaves to be done, item by item; all others of its batch are done."""

    waiting: list[Item] = field(default_factory=list)
    dead: list[Item] = field(default_factory=list)


class InFlight:
    """Knows each batch that was sent until its receipt is read back, and each waiting item."""

    def __init__(
        self,
        *,
        most: int,
        overdue_s: float,
        retry_horizon_s: float,
        clock: Callable[[], int],
        chance: random.Random,
    ) -> None:
        self._most = most
        self._overdue_s = overdue_s
        self._horizon_ns = int(retry_horizon_s * S)
        self._clock = clock
        self._chance = chance
        self._batches: dict[str, Batch] = {}
        self._waiting: list[tuple[int, int, Item]] = []
        self._order = itertools.count()

    def __len__(self) -> int:
        return len(self._batches)

    @property
    def waiting(self) -> int:
        """How many items wait to be tried again."""
        return len(self._waiting)

    @property
    def full(self) -> bool:
        """Whether the dispatcher has to stop reading: this is all the back-pressure there is."""
        return len(self._batches) >= self._most or len(self._waiting) >= self._most * 1000

    def sent(self, batch: Batch, *, queued: bool) -> None:
        """Enters a batch that was handed to Celery, or that Celery's queue did not take."""
        batch.sent_ns = self._clock()
        batch.sends += queued
        self._batches[batch.id] = batch

    def overdue(self) -> list[Batch]:
        """The batches to send again under the same id: their receipt should have come."""
        if self._overdue_s == 0:
            return []
        now_ns = self._clock()
        return [batch for batch in self._batches.values() if now_ns >= self._due_ns(batch)]

    def _due_ns(self, batch: Batch) -> int:
        if batch.sends == 0:
            return batch.sent_ns + S // 2
        wait_s = min(OVERDUE_MOST_S, self._overdue_s * 2 ** (batch.sends - 1))
        return batch.sent_ns + int(wait_s * S)

    def forget(self, batch_id: str) -> Batch | None:
        """Takes a batch out; None where it was out already."""
        return self._batches.pop(batch_id, None)

    def settle(self, receipt: Receipt) -> Settled | None:
        """What the receipt leaves to be done; None where the batch is not in this table."""
        batch = self._batches.pop(receipt.batch_id, None)
        if batch is None:
            return None
        settled = Settled()
        if receipt.rejected or receipt.retry:
            values = dict(zip(batch.places, batch.values, strict=True))
            for setback in receipt.rejected:
                settled.dead.append(self._tried(batch, setback, values))
            for setback in receipt.retry:
                self._judge(self._tried(batch, setback, values), setback, settled)
        return settled

    def _tried(self, batch: Batch, setback: Setback, values: dict[int, bytes]) -> Item:
        packed = place(setback.partition, setback.offset)
        before = batch.tries.get(packed, FRESH)
        tried = Try(attempts=before.attempts + 1, first_ns=before.first_ns or batch.sent_ns)
        return Item(batch.channel, packed, setback.id, values[packed], tried, setback.reason)

    def _judge(self, item: Item, setback: Setback, settled: Settled) -> None:
        now_ns = self._clock()
        if now_ns - item.tried.first_ns >= self._horizon_ns:
            settled.dead.append(item)
            return
        most_s = min(BACKOFF_MOST_S, BACKOFF_BASE_S * 2 ** (item.tried.attempts - 1))
        wait_s = max(self._chance.uniform(0, most_s), setback.retry_after_ms / 1000)
        heapq.heappush(self._waiting, (now_ns + int(wait_s * S), next(self._order), item))
        settled.waiting.append(item)

    def due(self) -> list[Item]:
        """Takes out the items whose wait is over."""
        now_ns = self._clock()
        items = []
        while self._waiting and self._waiting[0][0] <= now_ns:
            items.append(heapq.heappop(self._waiting)[2])
        return items

    def abandon(self, partitions: set[int]) -> list[Item]:
        """Takes out the waiting items of partitions that another member reads again now."""
        gone = [entry for entry in self._waiting if split(entry[2].place)[0] in partitions]
        if gone:
            self._waiting = [entry for entry in self._waiting if entry not in gone]
            heapq.heapify(self._waiting)
        return [entry[2] for entry in gone]
