"""Replay: dead letters are sent again, each of them once, however often it is started.

A consumer group of its own remembers how far it came, and is committed only when Kafka has what
was sent. After a crash in between some go twice; the provider's keys absorb that.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import msgspec
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from eureke.errors import EurekeError
from eureke.notification import REPLAY, TAG_HEADER, DeadLetter
from eureke.pipeline.records import Record, drained
from eureke.settings import Settings

JOIN_S: Final = 15.0
FLUSH_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many dead letters were sent again, and how many cannot be: they are no notifications."""

    sent: int
    malformed: int


class _User(msgspec.Struct):
    user_id: int


def replay(settings: Settings) -> Replayed:
    """Sends every dead letter again that was not sent again before, tagged as a replay.

    Raises:
        EurekeError: another replay is at work, or Kafka does not take them.
    """
    consumer = Consumer(
        {
            **settings.kafka_client,
            "group.id": f"{settings.prefix}.replay",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "session.timeout.ms": 6000,
            "fetch.message.max.bytes": 4_000_000,
            "log_level": 2,
        }
    )
    try:
        return _replayed(settings, consumer)
    except KafkaException as error:
        raise EurekeError(
            f"the dead letters cannot be sent again: {error}",
            remedy="see Kafka's log: `eureke logs kafka`; what was sent is remembered",
        ) from error
    finally:
        consumer.close()


def _replayed(settings: Settings, consumer: Consumer) -> Replayed:
    errors: list[KafkaError] = []

    def report(error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            errors.append(error)

    producer = Producer(
        {
            **settings.kafka_client,
            "acks": "all",
            "enable.idempotence": True,
            "partitioner": "murmur2_random",
            "log_level": 2,
            "on_delivery": report,
        }
    )
    decode, user = msgspec.json.Decoder(DeadLetter).decode, msgspec.json.Decoder(_User).decode
    sent = malformed = 0
    for records in _unread(settings.dead_letters, consumer):
        for record in records:
            letter = decode(record.value())
            if letter.id is None:
                malformed += 1
                continue
            producer.produce(
                settings.lane(letter.lane).topic,
                letter.value,
                str(user(letter.value).user_id).encode(),
                headers=[(TAG_HEADER, REPLAY)],
            )
            sent += 1
        if producer.flush(FLUSH_S) or errors:
            raise EurekeError(
                f"Kafka did not take the dead letters: {errors[:1] or 'no answer'}",
                remedy="see Kafka's log, then start the replay again",
            )
        last = records[-1]
        place = TopicPartition(settings.dead_letters, last.partition(), last.offset() + 1)
        consumer.commit(offsets=[place], asynchronous=False)
    return Replayed(sent, malformed)


def _unread(topic: str, consumer: Consumer) -> Iterator[list[Record]]:
    """The records up to where the topic ended at the start, some at a time."""
    consumer.subscribe([topic])
    (place,) = _joined(consumer)
    _, end = consumer.get_watermark_offsets(place, timeout=10)
    (committed,) = consumer.committed([place], timeout=10)
    at = max(committed.offset, 0)
    while at < end:
        records = [each for each in drained(consumer, timeout_s=1.0) if at <= each.offset() < end]
        if records:
            at = records[-1].offset() + 1
            yield records


def _joined(consumer: Consumer) -> list[TopicPartition]:
    limit_s = time.monotonic() + JOIN_S
    while not (places := consumer.assignment()):
        if time.monotonic() > limit_s:
            raise EurekeError(
                "another replay is at work on the dead letters",
                remedy="wait until it has ended; what it sends is not sent twice",
            )
        message = consumer.poll(0.1)
        if message is not None and not message.error():  # it is read again
            offset = message.offset() or 0
            consumer.seek(TopicPartition(message.topic() or "", message.partition() or 0, offset))
    return places
