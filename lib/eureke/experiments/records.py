"""A record as it stands in Kafka."""

import json
from typing import Final

from confluent_kafka import Consumer, TopicPartition

from eureke.errors import LoadFailed
from eureke.settings import Settings

WITHIN_S: Final = 10.0


def record(settings: Settings, topic: str, partition: int, offset: int) -> str:
    """A record as it stands in Kafka: its place, its key, and its JSON, a line for each field.

    Raises:
        LoadFailed: there is none.
    """
    reading = {"group.id": "none", "enable.auto.commit": False, "auto.offset.reset": "error"}
    consumer = Consumer(reading | settings.kafka_client)
    try:
        consumer.assign([TopicPartition(topic, int(partition), int(offset))])
        message = consumer.poll(WITHIN_S)
    finally:
        consumer.close()
    if message is None or message.error():
        raise LoadFailed(
            f"there is no record at partition {partition}, offset {offset} of {topic}",
            remedy="ask while the stack that made it is up",
        )
    key = (message.key() or b"none").decode(errors="replace")
    fields = json.loads(message.value() or b"{}")
    told = ",\n".join(f"  {json.dumps(name)}: {json.dumps(fields[name])}" for name in fields)
    return f"{topic}, partition {partition}, offset {offset}, key {key}\n{{\n{told}\n}}"
