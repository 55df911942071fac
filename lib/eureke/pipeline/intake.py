"""From records to batches: decode, judge, group by channel."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field

import msgspec

from eureke.notification import REPLAY, TAG_HEADER, DeadLetter, Notification, Position, Setback
from eureke.pipeline.batch import Batch
from eureke.pipeline.caps import Caps
from eureke.pipeline.offsets import PARTITION_SHIFT, Unsettled
from eureke.pipeline.policy import Verdict, judge
from eureke.pipeline.preferences import PreferenceReader
from eureke.pipeline.records import Record
from eureke.pipeline.window import Window

URGENT = "urgent"
_decode = msgspec.json.Decoder(Notification).decode
Good = tuple[Notification, int, int, Record]
"""The notification, its partition and offset, and the record it came in."""
ToSend = tuple[Notification, bytes, int]
"""The notification, its bytes and its place."""


@dataclass(slots=True)
class Judged:
    """What one poll brought that is not to be sent."""

    malformed: list[DeadLetter] = field(default_factory=list)
    duplicate: list[Position] = field(default_factory=list)
    expired: list[Position] = field(default_factory=list)
    suppressed: list[Setback] = field(default_factory=list)

    def add(self, verdict: Verdict, partition: int, offset: int, notification_id: str) -> None:
        """Notes a record that is not sent."""
        match verdict:
            case "duplicate":
                self.duplicate.append(Position(partition, offset, notification_id))
            case "expired":
                self.expired.append(Position(partition, offset, notification_id))
            case _:
                self.suppressed.append(Setback(partition, offset, notification_id, verdict))


class Intake:
    """Sorts records into one growing batch a channel and those that are not to be sent."""

    def __init__(
        self,
        lane: str,
        *,
        window_size: int,
        batch_max: int,
        ids: Iterator[str],
        preferences: PreferenceReader,
        clock: Callable[[], int],
        urgent_apart: bool = False,
        gather_ms: float = 0.0,
    ) -> None:
        self._lane = lane
        self._window_size = window_size
        self._batch_max = batch_max
        self._ids = ids
        self._preferences = preferences
        self._clock = clock
        self._urgent_apart = urgent_apart
        self._gather_ns = 0 if lane == URGENT else int(gather_ms * 1e6)
        self._windows: dict[int, Window] = {}
        self._caps: dict[int, Caps] = {}
        self._growing: dict[str, Batch] = {}

    def open(self, partitions: Iterable[int]) -> None:
        """Begins to remember what stood in these partitions."""
        for partition in partitions:
            self._windows[partition] = Window(self._window_size)
            self._caps[partition] = Caps()

    def forget(self, partitions: Iterable[int]) -> None:
        """Drops what is remembered of partitions that belong to another member now."""
        for partition in partitions:
            self._windows.pop(partition, None)
            self._caps.pop(partition, None)

    def remember(self, messages: list[Record]) -> None:
        """Judges records that were judged before, so that those after them are judged alike."""
        for _ in self._judge(self._decoded(messages, Judged(), {}), Judged()):
            pass

    def take(self, messages: list[Record], unsettled: Unsettled) -> tuple[list[Batch], Judged]:
        """The batches that became full, and what is not to be sent."""
        full: list[Batch] = []
        judged = Judged()
        now_ns = self._clock()
        growing, batch_max, urgent_apart = self._growing, self._batch_max, self._urgent_apart
        last: dict[int, int] = {}
        good = self._decoded(messages, judged, last)
        for notification, value, place in self._judge(good, judged):
            channel = kind = notification.channel
            if urgent_apart and notification.priority == URGENT:
                kind = f"{channel} {URGENT}"  # type: ignore[assignment]
            batch = growing.get(kind)
            if batch is None:
                batch = self.new_batch(channel, polled_ns=now_ns)
                batch.urgent = kind is not channel
                growing[kind] = batch
            batch.values.append(value)
            batch.ids.append(notification.id)
            batch.places.append(place)
            if len(batch.values) == batch_max:
                full.append(growing.pop(kind))
        for partition, offset in last.items():
            unsettled.read_up_to(partition, offset + 1)
        return full, judged

    def leaving(self, busy: Callable[[str], bool], *, backlog: bool) -> list[Batch]:
        """Takes out the growing batches that go before they are full.

        Without a backlog to fill it, a batch waits only while another one of its channel is under
        way, and within a bound. A task costs the same whatever is in it, so that what comes in the
        meantime goes for nothing; the slower all is, the more that is.

        Args:
            busy: whether a batch of a channel is under way.
            backlog: whether more records wait than were read; then only urgent ones go.
        """
        waited_ns = self._clock() - self._gather_ns
        kinds = [
            kind
            for kind, batch in self._growing.items()
            if batch.urgent
            or not (backlog or (busy(batch.channel) and batch.polled_ns > waited_ns))
        ]
        return [self._growing.pop(kind) for kind in kinds]

    def growing(self) -> Collection[Batch]:
        """The batches that wait for more."""
        return self._growing.values()

    def new_batch(self, channel: str, *, polled_ns: int) -> Batch:
        """An empty batch under a new id."""
        return Batch(id=next(self._ids), channel=channel, polled_ns=polled_ns)

    def _decoded(self, messages: list[Record], judged: Judged, last: dict[int, int]) -> list[Good]:
        """Those that are notifications; `last` gets the last offset of each partition."""
        good: list[Good] = []
        for message in messages:
            partition, offset = message.partition(), message.offset()
            last[partition] = offset
            try:
                good.append((_decode(message.value()), partition, offset, message))
            except (msgspec.MsgspecError, TypeError, UnicodeDecodeError) as error:
                judged.malformed.append(
                    DeadLetter(
                        lane=self._lane,
                        partition=partition,
                        offset=offset,
                        id=None,
                        reason=f"malformed: {error}",
                        value=message.value() or b"",
                        last_ns=self._clock(),
                    )
                )
        return good

    def _judge(self, good: list[Good], judged: Judged) -> Iterator[ToSend]:
        """Those that are to be sent; the others are noted."""
        windows, all_caps = self._windows, self._caps
        preferences = self._preferences.of({each[0].user_id for each in good})
        for notification, partition, offset, message in good:
            user_id = notification.user_id
            wanted = preferences[user_id]
            duplicate = windows[partition].seen(notification.id, offset)
            if duplicate and _is_replay(message):  # it was judged when it came first
                yield notification, message.value(), partition << PARTITION_SHIFT | offset
                continue
            if wanted.cap is None:
                verdict = judge(notification, wanted, duplicate=duplicate, accepted=0)
            else:
                caps, created_ns = all_caps[partition], notification.created_ns
                accepted = caps.accepted(user_id, created_ns)
                verdict = judge(notification, wanted, duplicate=duplicate, accepted=accepted)
                if verdict == "send" and notification.priority != URGENT:
                    caps.accept(user_id, created_ns)
            if verdict == "send":
                yield notification, message.value(), partition << PARTITION_SHIFT | offset
            else:
                judged.add(verdict, partition, offset, notification.id)


def _is_replay(message: Record) -> bool:
    return (TAG_HEADER, REPLAY) in (message.headers() or ())
