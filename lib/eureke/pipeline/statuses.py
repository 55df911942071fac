"""What became of a notification: from the receipts and dead letters, and the log itself.

Nothing is written for it. The newest receipts are kept as they come, undecoded, up to a number of
bytes: a lookup is a search through them. What has no outcome yet stands after the offset that its
group has committed, since the dispatcher commits after the outcome; so it is looked for there.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final, Literal

import msgspec
from confluent_kafka import Consumer, KafkaException, TopicPartition

from eureke.errors import EurekeError
from eureke.notification import DeadLetter, Notification, Position, Receipt, Setback
from eureke.pipeline.records import Record, drained, uncommitted
from eureke.settings import Settings

log = logging.getLogger(__name__)
State = Literal[
    "accepted", "retry", "rejected", "duplicate", "suppressed", "expired", "dead_lettered",
    "delivered",
]  # fmt: skip
RANK: Final[dict[str, int]] = {name: at for at, name in enumerate(State.__args__)}  # type: ignore[attr-defined]
"""Where a notification has several outcomes, the last in this order is told: an effect wins."""
FINAL: Final = frozenset({"duplicate", "suppressed", "expired", "dead_lettered", "delivered"})
BYTES_MOST: Final = 64 << 20
READ_BACK: Final = 2_000
"""Receipts of each lane that a new process looks at."""
CATCH_UP_S: Final = 10.0
LOOKED_AT_MOST: Final = 200_000
"""Records without an outcome that are searched; in a longer backlog nobody is found."""
_FETCHING: Final = {"enable.auto.commit": False, "fetch.wait.max.ms": 50, "log_level": 0}


class Status(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a notification so far."""

    id: str
    status: State
    channel: str = ""
    reason: str = ""
    attempts: int = 0

    @property
    def final(self) -> bool:
        """Whether that is the end of it."""
        return self.status in FINAL


class Statuses:
    """The newest outcomes, followed by a thread from now on and a little back."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._receipt = msgspec.json.Decoder(Receipt).decode
        self._letter = msgspec.json.Decoder(DeadLetter).decode
        self._kept: deque[tuple[str, bytes]] = deque()
        self._bytes = 0
        self._ending = threading.Event()
        self._told: list[Callable[[], object]] = []
        self._read: dict[tuple[str, int], int] = {}
        self._arrived = threading.Condition()
        self._searching = threading.Lock()
        self._thread = threading.Thread(target=self._follow, name="statuses", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the following."""
        self._ending.set()
        self._thread.join()

    def tell(self, news: Callable[[], object]) -> Callable[[], None]:
        """Calls `news`, by another thread, whenever an outcome came; gives what ends that."""
        self._told.append(news)
        return lambda: self._told.remove(news)

    def of(self, notification_id: str) -> Status | None:
        """What is known of a notification; None where nobody has heard of it lately.

        Raises:
            EurekeError: Kafka does not answer.
        """
        found = self.outcome(notification_id) or self._waiting(notification_id)
        if found is None:  # it may have got its outcome, and have been committed, in between
            self._catch_up()
            found = self.outcome(notification_id)
        return found

    def outcome(self, notification_id: str) -> Status | None:
        """What the newest receipts and dead letters say of a notification."""
        found = self._outcomes(notification_id)
        return max(found, key=lambda each: RANK[each.status], default=None)

    def _outcomes(self, notification_id: str) -> Iterator[Status]:
        needle = f'"{notification_id}"'.encode()
        for topic, value in list(self._kept):
            if needle not in value:
                continue
            try:
                if topic == self._settings.receipts:
                    yield from _in_receipt(self._receipt(value), notification_id)
                else:
                    yield from _in_letter(self._letter(value), notification_id)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                continue  # somebody else wrote it

    def _waiting(self, notification_id: str) -> Status | None:
        """Looks for it among the records without an outcome."""
        needle = f'"{notification_id}"'.encode()
        with self._searching:
            try:
                for lane in self._settings.lanes:
                    for value in _values(uncommitted(self._settings, lane)):
                        found = _notification(value) if needle in value else None
                        if found and found.id == notification_id:
                            return Status(found.id, "accepted", found.channel)
            except KafkaException as error:
                raise _away(error) from error
        return None

    def _catch_up(self) -> None:
        """Returns once everything is read that is there now.

        Raises:
            EurekeError: it takes too long: nobody knows.
        """
        consumer = Consumer(_FETCHING | {**self._settings.kafka_client, "group.id": "none"})
        try:
            ends = {
                place: consumer.get_watermark_offsets(TopicPartition(*place), timeout=5)[1]
                for place in self._places()
            }
        except KafkaException as error:
            raise _away(error) from error
        finally:
            consumer.close()
        with self._arrived:
            reached = self._arrived.wait_for(
                lambda: all(self._read.get(place, 0) >= end for place, end in ends.items()),
                timeout=CATCH_UP_S,
            )
        if not reached:
            raise EurekeError(
                f"the outcomes were not read up to their end in {CATCH_UP_S:g} s",
                remedy="ask again; see whether the machine or Kafka is overloaded",
            )

    def _places(self) -> list[tuple[str, int]]:
        settings = self._settings
        receipts = [(settings.receipts, at) for at in range(len(settings.lanes))]
        return [*receipts, (settings.dead_letters, 0)]

    def _follow(self) -> None:
        consumer = Consumer(_FETCHING | {**self._settings.kafka_client, "group.id": "none"})
        assigned = False
        while not self._ending.is_set():
            try:
                if not assigned:
                    consumer.assign(list(self._beginnings(consumer)))
                    assigned = True
                records = drained(consumer, timeout_s=0.2)
            except (KafkaException, EurekeError) as error:
                log.warning("the outcomes cannot be read: %s", error)
                self._ending.wait(1)
                continue
            for record in records:
                self._keep(record)
            if records:
                with self._arrived:
                    self._arrived.notify_all()
                for news in list(self._told):
                    news()
        consumer.close()

    def _beginnings(self, consumer: Consumer) -> Iterator[TopicPartition]:
        for topic, partition in self._places():
            first, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=5)
            begin = self._read.setdefault((topic, partition), max(first, end - READ_BACK))
            yield TopicPartition(topic, partition, begin)

    def _keep(self, record: Record) -> None:
        topic, value = record.topic(), record.value() or b""
        self._kept.append((topic, value))
        self._read[topic, record.partition()] = record.offset() + 1  # it is there when this says so
        self._bytes += len(value)
        while self._bytes > BYTES_MOST:
            _, oldest = self._kept.popleft()
            self._bytes -= len(oldest)


def _away(error: KafkaException) -> EurekeError:
    return EurekeError(
        f"Kafka could not be asked for a notification: {error}",
        remedy="see that it runs, and its log",
    )


def _notification(value: bytes) -> Notification | None:
    try:
        return msgspec.json.decode(value, type=Notification)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None  # malformed: it has no id to be found by


def _in_receipt(receipt: Receipt, notification_id: str) -> Iterator[Status]:
    reached: dict[State, Sequence[Position | Setback]] = {
        "delivered": receipt.delivered,
        "duplicate": receipt.duplicate,
        "expired": receipt.expired,
        "suppressed": receipt.suppressed,
        "rejected": receipt.rejected,
        "retry": receipt.retry,
    }
    for state, places in reached.items():
        for place in places:
            if place.id == notification_id:
                reason = place.reason if isinstance(place, Setback) else ""
                yield Status(place.id, state, receipt.channel, reason, receipt.attempt)


def _in_letter(letter: DeadLetter, notification_id: str) -> Iterator[Status]:
    if letter.id == notification_id:
        yield Status(
            notification_id, "dead_lettered", reason=letter.reason, attempts=letter.attempts
        )


def _values(some: Iterator[list[Record]]) -> Iterator[bytes]:
    """The values of the records, as far as they are few."""
    every = (record.value() or b"" for records in some for record in records)
    return islice(every, LOOKED_AT_MOST)
