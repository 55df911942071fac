"""Channels whose provider is away: their batches wait here, and those of other channels go on.

A batch that was refused as a whole is no fault of its items as long as nothing else of its channel
is answered either: that is an outage. It pauses the channel, uses up no attempt and no part of
the retry horizon, and ends when one batch, sent to find out, is answered.
"""

import logging
import random
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from eureke.pipeline.batch import Batch, doubled

log = logging.getLogger("dispatcher")
PARKED_MOST: Final = 100_000
"""Items; at this many the dispatcher stops reading, and the other channels wait too."""
PAUSE_BASE_S: Final = 0.2
PAUSE_MOST_S: Final = 2.0
S: Final = 1_000_000_000


@dataclass(slots=True)
class _Channel:
    parked: deque[Batch] = field(default_factory=deque)
    answered_ns: int = -1
    refusals: int = 0
    """Of the batches sent to find out, in a row; 0 where the channel is not paused."""
    probe_ns: int = 0
    """When a paused channel is tried again."""
    probe: Batch | None = None
    """The batch that is under way to find out."""

    @property
    def paused(self) -> bool:
        return self.refusals > 0


class Channels:
    """Which channels are paused, and the batches that wait for them."""

    def __init__(
        self,
        *,
        batch_max: int,
        clock: Callable[[], int],
        chance: random.Random,
        most: int = PARKED_MOST,
    ) -> None:
        self._batch_max = batch_max
        self._clock = clock
        self._chance = chance
        self._most = most
        self._channels: defaultdict[str, _Channel] = defaultdict(_Channel)
        self.parked = 0
        """Items that wait."""

    @property
    def full(self) -> bool:
        """Whether no more can wait here."""
        return self.parked >= self._most

    def paused(self, name: str) -> bool:
        """Whether the channel's provider is away; another thread may ask."""
        channel = self._channels.get(name)
        return channel is not None and channel.paused

    def waits(self, name: str) -> bool:
        """Whether a new batch of the channel has to wait behind others."""
        channel = self._channels[name]
        return channel.paused or bool(channel.parked)

    def answered(self, batch: Batch) -> None:
        """The channel's provider has answered: a pause ends."""
        channel = self._channels[batch.channel]
        channel.answered_ns = self._clock()
        if channel.paused:
            log.warning("channel %s goes on, %d notifications wait", batch.channel, self.parked)
        channel.refusals = 0
        channel.probe = None

    def refused(self, batch: Batch, reason: str, *, wait_ms: int) -> bool:
        """Whether a batch that was refused as a whole shows an outage, which pauses its channel.

        It does not where others of the channel were answered since it was sent: then the refusal
        is the batch's own, and an attempt.
        """
        channel = self._channels[batch.channel]
        if channel.answered_ns > batch.sent_ns:
            return False
        if not channel.paused:
            log.warning("channel %s is paused: %s", batch.channel, reason)
        if not channel.paused or batch is channel.probe:
            channel.probe = None
            most_s = doubled(PAUSE_BASE_S, channel.refusals, most_s=PAUSE_MOST_S)
            channel.refusals += 1
            wait_s = max(self._chance.uniform(0, most_s), wait_ms / 1000)
            channel.probe_ns = self._clock() + int(wait_s * S)
        return True

    def park(self, batch: Batch) -> Batch:
        """Lets a batch wait; gives the parked batch that holds its items now."""
        self.parked += len(batch)
        channel = self._channels[batch.channel]
        batch.parked_ns = self._clock()
        last = channel.parked[-1] if channel.parked else None
        if last is not None and len(last) + len(batch) <= self._batch_max:
            _paused_until(last, batch.parked_ns)
            last.extend(batch)
            return last
        channel.parked.append(batch)
        return batch

    def ready(self, room: int) -> list[Batch]:
        """Takes out what is to be sent now: one batch to find out, or all where it is answered.

        Args:
            room: how many batches there is room for.
        """
        taken: list[Batch] = []
        now_ns = self._clock()
        for channel in self._channels.values():
            if not channel.paused:
                while channel.parked and len(taken) < room:
                    taken.append(channel.parked.popleft())
            elif channel.probe is None and channel.parked and now_ns >= channel.probe_ns:
                channel.probe = channel.parked.popleft()
                taken.append(channel.probe)
        for batch in taken:
            self.parked -= len(batch)
            _paused_until(batch, now_ns)
        return taken

    def abandon(self, partitions: set[int]) -> Iterator[tuple[Batch, Batch | None]]:
        """Drops the items of partitions that another member reads again now.

        Yields each batch that had some, and what is left of it.
        """
        for channel in self._channels.values():
            kept: deque[Batch] = deque()
            for batch in channel.parked:
                rest = batch.without(partitions)
                if len(rest):
                    kept.append(rest)
                if len(rest) < len(batch):
                    self.parked -= len(batch) - len(rest)
                    yield batch, rest if len(rest) else None
            channel.parked = kept


def _paused_until(batch: Batch, now_ns: int) -> None:
    """Counts the time that the batch was parked as a pause of its items' tries."""
    paused_ns = now_ns - batch.parked_ns
    batch.parked_ns = now_ns
    for place, tried in batch.tries.items():
        batch.tries[place] = replace(tried, paused_ns=tried.paused_ns + paused_ns)
