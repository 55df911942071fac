"""A reader of the outcome topics, from now on: what stands in them already is not its business."""

from confluent_kafka import Consumer, KafkaException, TopicPartition

from eureke.errors import ServiceFailed
from eureke.settings import Settings


def outcome_reader(
    settings: Settings, *, who: str, dead_letters: bool = False, timeout_s: float = 10.0
) -> Consumer:
    """A consumer at the end of the receipts, and of the dead letters where they are wanted.

    Raises:
        ServiceFailed: Kafka does not say where they end.
    """
    consumer = Consumer(
        {
            **settings.kafka_client,
            "group.id": "none",
            "enable.auto.commit": False,
            "fetch.queue.backoff.ms": 10,
            "fetch.wait.max.ms": 100,
            "fetch.message.max.bytes": 4_000_000,
            "log_level": 2,
        }
    )
    partitions = [settings.receipt_partition(lane.name) for lane in settings.lanes]
    places = [TopicPartition(settings.receipts, each) for each in partitions]
    if dead_letters:
        places.append(TopicPartition(settings.dead_letters, 0))
    try:
        for at in places:
            _, at.offset = consumer.get_watermark_offsets(at, timeout=timeout_s)
    except KafkaException as error:
        raise ServiceFailed(
            f"the {who} cannot read from Kafka: {error}",
            remedy="see Kafka's log: `eureke logs kafka`",
        ) from error
    consumer.assign(places)
    return consumer
