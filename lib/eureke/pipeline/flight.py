"""The in-flight table: batches without an outcome, and items that wait to be tried again."""

import heapq
import itertools
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from eureke.notification import DeadLetter, Setback, Unfinished
from eureke.pipeline.batch import FRESH, Batch, Try, doubled
from eureke.pipeline.budget import RetryBudget
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

    def letter(self, lane: str, *, last_ns: int) -> DeadLetter:
        """What is written of it when it is given up."""
        partition, offset = split(self.place)
        return DeadLetter(
            lane=lane,
            partition=partition,
            offset=offset,
            id=self.id,
            reason=self.reason,
            value=self.value,
            attempts=self.tried.attempts,
            first_ns=self.tried.first_ns,
            last_ns=last_ns,
        )


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
        self._budget = RetryBudget(clock)

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

    @property
    def room(self) -> int:
        """How many more batches may be under way."""
        return max(0, self._most - len(self._batches))

    def has(self, channel: str) -> bool:
        """Whether a batch of the channel is under way."""
        return any(batch.channel == channel for batch in self._batches.values())

    def sent(self, batch: Batch, *, queued: bool) -> None:
        """Enters a batch that was handed to Celery, or that Celery's queue did not take."""
        batch.sent_ns = self._clock()
        if not batch.sends:
            self._budget.tried(len(batch) - len(batch.tries))
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
        wait_s = doubled(self._overdue_s, batch.sends - 1, most_s=OVERDUE_MOST_S)
        return batch.sent_ns + int(wait_s * S)

    def take(self, batch_id: str) -> Batch | None:
        """Takes out the batch of a receipt; None where it is not in this table."""
        return self._batches.pop(batch_id, None)

    def settle(self, batch: Batch, receipt: Unfinished) -> Settled:
        """What the receipt of a batch that was taken out leaves to be done."""
        settled = Settled()
        retry = _refused(batch, receipt) if receipt.refused else receipt.retry
        if receipt.rejected or retry:
            values = dict(zip(batch.places, batch.values, strict=True))
            for setback in receipt.rejected:
                settled.dead.append(self._tried(batch, setback, values))
            for setback in retry:
                self._judge(self._tried(batch, setback, values), setback, settled)
        return settled

    def _tried(self, batch: Batch, setback: Setback, values: dict[int, bytes]) -> Item:
        packed = place(setback.partition, setback.offset)
        before = batch.tries.get(packed, FRESH)
        tried = replace(
            before, attempts=before.attempts + 1, first_ns=before.first_ns or batch.sent_ns
        )
        return Item(batch.channel, packed, setback.id, values[packed], tried, setback.reason)

    def _judge(self, item: Item, setback: Setback, settled: Settled) -> None:
        now_ns = self._clock()
        if now_ns - item.tried.first_ns - item.tried.paused_ns >= self._horizon_ns:
            settled.dead.append(item)
            return
        most_s = doubled(BACKOFF_BASE_S, item.tried.attempts - 1, most_s=BACKOFF_MOST_S)
        wait_s = max(self._chance.uniform(0, most_s), setback.retry_after_ms / 1000)
        heapq.heappush(self._waiting, (now_ns + int(wait_s * S), next(self._order), item))
        settled.waiting.append(item)

    def due(self) -> list[Item]:
        """Takes out the items whose wait is over, as many as the retry budget has left."""
        now_ns = self._clock()
        if not self._waiting or self._waiting[0][0] > now_ns:
            return []
        items: list[Item] = []
        most = self._budget.left
        while len(items) < most and self._waiting and self._waiting[0][0] <= now_ns:
            items.append(heapq.heappop(self._waiting)[2])
        self._budget.spend(len(items))
        return items

    def abandon(self, partitions: set[int]) -> list[Item]:
        """Takes out the waiting items of partitions that another member reads again now."""
        gone = [entry for entry in self._waiting if split(entry[2].place)[0] in partitions]
        if gone:
            self._waiting = [entry for entry in self._waiting if entry not in gone]
            heapq.heapify(self._waiting)
        return [entry[2] for entry in gone]


def grouped(items: Iterable[Item], *, most: int) -> Iterator[list[Item]]:
    """The items of one channel together, at most so many."""
    by_channel: defaultdict[str, list[Item]] = defaultdict(list)
    for item in items:
        by_channel[item.channel].append(item)
    for alike in by_channel.values():
        for start in range(0, len(alike), most):
            yield alike[start : start + most]


def _refused(batch: Batch, receipt: Unfinished) -> list[Setback]:
    """The refusal of a whole batch, item by item."""
    return [
        Setback(*split(packed), item_id, receipt.refused, receipt.retry_after_ms)
        for packed, item_id in zip(batch.places, batch.ids, strict=True)
    ]
