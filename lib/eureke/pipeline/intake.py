"""From records to batches: decode, judge, group by channel."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import msgspec

from eureke.notification import DeadLetter, Notification, Position
from eureke.pipeline.batch import Batch
from eureke.pipeline.log import Record
from eureke.pipeline.offsets import PARTITION_SHIFT, Unsettled
from eureke.pipeline.window import Window

_decode = msgspec.json.Decoder(Notification).decode


@dataclass(slots=True)
class Judged:
    """What one poll brought that is not to be sent."""

    malformed: list[DeadLetter] = field(default_factory=list)
    duplicate: list[Position] = field(default_factory=list)


class Intake:
    """Sorts records into one growing batch a channel and those that are not to be sent."""

    def __init__(
        self,
        lane: str,
        *,
        window_size: int,
        batch_max: int,
        ids: Iterator[str],
        clock: Callable[[], int],
    ) -> None:
        self._lane = lane
        self._window_size = window_size
        self._batch_max = batch_max
        self._ids = ids
        self._clock = clock
        self._windows: dict[int, Window] = {}
        self._growing: dict[str, Batch] = {}

    def window(self, partition: int) -> Window:
        """The duplicate window of a partition, empty at first."""
        return self._windows.setdefault(partition, Window(self._window_size))

    def forget(self, partitions: Iterable[int]) -> None:
        """Drops the windows of partitions that belong to another member now."""
        for partition in partitions:
            self._windows.pop(partition, None)

    def take(self, messages: list[Record], unsettled: Unsettled) -> tuple[list[Batch], Judged]:
        """The batches that became full, and what is not to be sent."""
        full: list[Batch] = []
        judged = Judged()
        now_ns = self._clock()
        growing, windows, batch_max = self._growing, self._windows, self._batch_max
        last: dict[int, int] = {}
        for message in messages:
            value, partition, offset = message.value(), message.partition(), message.offset()
            last[partition] = offset
            try:
                notification = _decode(value)
            except (msgspec.MsgspecError, TypeError, UnicodeDecodeError) as error:
                judged.malformed.append(
                    DeadLetter(
                        lane=self._lane,
                        partition=partition,
                        offset=offset,
                        id=None,
                        reason=f"malformed: {error}",
                        value=value or b"",
                        last_ns=now_ns,
                    )
                )
                continue
            if windows[partition].seen(notification.id, offset):
                judged.duplicate.append(Position(partition, offset, notification.id))
                continue
            batch = growing.get(notification.channel)
            if batch is None:
                batch = self.new_batch(notification.channel, polled_ns=now_ns)
                growing[notification.channel] = batch
            batch.values.append(value)
            batch.ids.append(notification.id)
            batch.places.append(partition << PARTITION_SHIFT | offset)
            if len(batch.values) == batch_max:
                full.append(growing.pop(notification.channel))
        for partition, offset in last.items():
            unsettled.read_up_to(partition, offset + 1)
        return full, judged

    def rest(self) -> list[Batch]:
        """The batches that were still growing; a new one begins for each channel."""
        batches = list(self._growing.values())
        self._growing.clear()
        return batches

    def growing(self) -> Iterable[Batch]:
        """The batches that wait for more."""
        return self._growing.values()

    def new_batch(self, channel: str, *, polled_ns: int) -> Batch:
        """An empty batch under a new id."""
        return Batch(id=next(self._ids), channel=channel, polled_ns=polled_ns)
