"""Records of a topic: those that are there, and those from one offset to another."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Protocol, cast

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from eureke.errors import EurekeError
from eureke.settings import Lane, Settings

DRAIN: Final = 4000
"""Records taken at once after the first: enough to keep up, few enough to stay quick."""

FETCHING: Final[dict[str, Any]] = {
    "enable.auto.commit": False,
    "fetch.queue.backoff.ms": 10,
    "fetch.wait.max.ms": 100,
    "fetch.message.max.bytes": 4_000_000,
}


class Record(Protocol):
    """A message that is not an error: it has a place."""

    def value(self) -> bytes:
        """Its bytes; None in truth where the record has none, which no decoder accepts."""
        ...

    def topic(self) -> str:
        """Its topic."""
        ...

    def partition(self) -> int:
        """Its partition."""
        ...

    def offset(self) -> int:
        """Its offset."""
        ...

    def timestamp(self) -> tuple[int, int]:
        """The kind of its time, and the time: milliseconds since the Unix epoch."""
        ...

    def headers(self) -> list[tuple[str, bytes]] | None:
        """Its headers."""
        ...


def before(
    settings: Settings, topic: str, offsets: Mapping[int, int], *, records: int
) -> Iterator[list[Record]]:
    """The last records before each offset, some at a time.

    Args:
        offsets: by partition, where the reading ends.
        records: how many records before it the reading begins.
    """
    with _reading(settings) as consumer:
        begin = {
            at: max(_bounds(consumer, topic, at, timeout_s=10)[0], end - records)
            for at, end in offsets.items()
        }
        yield from _between(consumer, topic, begin, offsets)


def latest(settings: Settings, topic: str, *, records: int) -> Iterator[list[Record]]:
    """The last records of each partition of a lane's topic, as it is now, some at a time.

    Raises:
        KafkaException: Kafka does not answer.
    """
    with _reading(settings, log_level=0) as consumer:
        bounds = {at: _bounds(consumer, topic, at) for at in range(settings.partitions)}
        begin = {at: max(first, end - records) for at, (first, end) in bounds.items()}
        yield from _between(consumer, topic, begin, {at: end for at, (_, end) in bounds.items()})


def uncommitted(settings: Settings, lane: Lane) -> Iterator[list[Record]]:
    """The records that a lane's group has not committed yet, some at a time.

    Raises:
        KafkaException: Kafka does not answer.
    """
    with _reading(settings, group=lane.group, log_level=0) as consumer:
        every = [TopicPartition(lane.topic, at) for at in range(lane.partitions)]
        begin, ends = {}, {}
        for place in consumer.committed(every, timeout=5):
            first, ends[place.partition] = _bounds(consumer, lane.topic, place.partition)
            begin[place.partition] = max(place.offset, first)
        yield from _between(consumer, lane.topic, begin, ends)


@contextlib.contextmanager
def _reading(settings: Settings, *, group: str = "none", **options: Any) -> Iterator[Consumer]:
    """A consumer that commits nothing, closed at the end of the block."""
    consumer = Consumer({**FETCHING, **options, **settings.kafka_client, "group.id": group})
    try:
        yield consumer
    finally:
        consumer.close()


def _bounds(
    consumer: Consumer, topic: str, partition: int, *, timeout_s: float = 5
) -> tuple[int, int]:
    """The first offset of a partition, and the one after its last."""
    first, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=timeout_s)
    return int(first), int(end)


def _between(
    consumer: Consumer, topic: str, begin: Mapping[int, int], ends: Mapping[int, int]
) -> Iterator[list[Record]]:
    """The records from each begin up to each end, some at a time."""
    open_ends = {at for at, end in ends.items() if begin[at] < end}
    consumer.assign([TopicPartition(topic, at, begin[at]) for at in open_ends])
    while open_ends:
        found = drained(consumer, timeout_s=1.0)
        for record in found:
            if record.offset() + 1 >= ends[record.partition()]:
                open_ends.discard(record.partition())
        yield [record for record in found if record.offset() < ends[record.partition()]]


def drained(consumer: Consumer, *, timeout_s: float) -> list[Record]:
    """The records that are there: waits for one, then takes all that were fetched with it."""
    message = consumer.poll(timeout_s)
    if message is None:
        return []
    return list(checked([message, *consumer.consume(DRAIN, 0)]))


def checked(messages: Iterable[Message]) -> Iterator[Record]:
    """The messages that are records; passing errors are mended by librdkafka itself.

    Raises:
        EurekeError: Kafka has ended this client for good, such as for another one of its name.
    """
    for message in messages:
        error = message.error()
        if error is None:
            yield cast(Record, message)
        elif error.fatal() or error.code() == KafkaError._FATAL:  # noqa: SLF001  no flag says it
            raise EurekeError(
                f"Kafka has ended this client for good: {error}",
                remedy="start the process again; a run does so by itself",
            )
