"""A reader of the outcome topics, from now on: what stands in them already is not its business."""

import time
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from eureke.errors import ServiceFailed
from eureke.settings import Settings

NOT_YET: Final = (KafkaError._UNKNOWN_PARTITION, KafkaError.UNKNOWN_TOPIC_OR_PART)  # noqa: SLF001
PAUSE_S: Final = 0.1
AT_ONCE: Final = {"fetch.wait.max.ms": 100}
SOME_AT_A_TIME: Final = {"fetch.wait.max.ms": 1000, "fetch.min.bytes": 1_000_000}


def outcome_reader(
    settings: Settings,
    *,
    who: str,
    dead_letters: bool = False,
    at_once: bool = True,
    timeout_s: float = 10.0,
) -> Consumer:
    """A consumer at the end of the receipts, and of the dead letters where they are wanted.

    Args:
        settings: where they are.
        who: wants to read, for an error's sake.
        dead_letters: whether these are read too.
        at_once: whether each is wanted as soon as it is there; else some at a time, once a second,
            which costs the broker a request for many in place of one for each.
        timeout_s: how long Kafka may take.

    Raises:
        ServiceFailed: Kafka does not say where they end.
    """
    consumer = Consumer(
        {
            **settings.kafka_client,
            "group.id": "none",
            "enable.auto.commit": False,
            "fetch.queue.backoff.ms": 10,
            **(AT_ONCE if at_once else SOME_AT_A_TIME),
            "fetch.message.max.bytes": 4_000_000,
            "log_level": 2,
        }
    )
    partitions = [settings.receipt_partition(lane.name) for lane in settings.lanes]
    places = [TopicPartition(settings.receipts, each) for each in partitions]
    if dead_letters:
        places.append(TopicPartition(settings.dead_letters, 0))
    limit_s = time.monotonic() + timeout_s
    try:
        for at in places:
            at.offset = _end(consumer, at, limit_s=limit_s)
    except KafkaException as error:
        raise ServiceFailed(
            f"the {who} cannot read from Kafka: {error}",
            remedy="see Kafka's log: `eureke logs kafka`",
        ) from error
    consumer.assign(places)
    return consumer


def _end(consumer: Consumer, at: TopicPartition, *, limit_s: float) -> int:
    """Where it ends; a topic that was made a moment ago is not known everywhere yet."""
    while True:
        left_s = limit_s - time.monotonic()
        try:
            return int(consumer.get_watermark_offsets(at, timeout=max(0.1, left_s))[1])
        except KafkaException as error:
            if error.args[0].code() not in NOT_YET or left_s <= 0:
                raise
            time.sleep(PAUSE_S)
