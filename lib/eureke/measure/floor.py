"""Kafka's floor: the same bytes through the same broker, and nothing else.

`python -m eureke.measure.floor --load FOLDER --out FILE` produces a load's records into a topic of
its own and then consumes them, one after the other, with well-set clients: records encoded
beforehand, one report for all, no idle back-off. A slow floor would flatter the pipeline.
"""

import argparse
import gc
import secrets
import time
from pathlib import Path
from typing import Final

import msgspec
import pyarrow.parquet as pq
from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from eureke.errors import LoadFailed
from eureke.settings import Settings

PRODUCER: Final = {
    "acks": "all",
    "enable.idempotence": True,
    "compression.type": "lz4",
    "partitioner": "murmur2_random",
    "linger.ms": 20,
    "queue.buffering.max.messages": 500_000,
    "queue.buffering.max.kbytes": 262_144,
    "delivery.report.only.error": True,
}
CONSUMER: Final = {
    "group.id": "none",
    "enable.auto.commit": False,
    "fetch.queue.backoff.ms": 10,
    "fetch.message.max.bytes": 4_000_000,
}


class Floor(msgspec.Struct, frozen=True):
    """Seconds to produce and then to consume so many records."""

    records: int
    produce_s: float
    consume_s: float

    @property
    def total_s(self) -> float:
        """Both, one after the other."""
        return self.produce_s + self.consume_s


def kafka_floor(settings: Settings, load: Path) -> Floor:
    """The floor for a load's records, over as many partitions as the lane has."""
    topic = f"{settings.prefix}.floor-{secrets.token_hex(3)}"
    admin = AdminClient({"bootstrap.servers": settings.kafka})
    admin.create_topics([NewTopic(topic, settings.partitions, 1)])[topic].result(timeout=10)
    try:
        records = _records(load)
        gc.collect()
        gc.disable()
        produce_s = _produce(settings, topic, records)
        consume_s = _consume(settings, topic, len(records))
    finally:
        gc.enable()
        admin.delete_topics([topic])[topic].result(timeout=10)
    return Floor(len(records), produce_s, consume_s)


def _records(load: Path) -> list[tuple[bytes, bytes]]:
    table = pq.read_table(load / "load.parquet", columns=["key", "start", "length"])
    values = (load / "values.bin").read_bytes()
    return [
        (values[start : start + length], key.encode())
        for key, start, length in zip(
            *(table[name].to_pylist() for name in ("key", "start", "length")), strict=True
        )
    ]


def _produce(settings: Settings, topic: str, records: list[tuple[bytes, bytes]]) -> float:
    errors: list[KafkaError] = []

    def report(error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            errors.append(error)

    producer = Producer(PRODUCER | {"bootstrap.servers": settings.kafka, "on_delivery": report})
    produce = producer.produce
    began_s = time.perf_counter()
    for value, key in records:
        while True:
            try:
                produce(topic, value, key)
            except BufferError:
                producer.poll(0.01)
            else:
                break
    left = producer.flush(120)
    if errors or left:
        raise LoadFailed(
            f"the floor's producer failed: {errors[:1]}, {left} records left",
            remedy="see Kafka's log: `eureke logs kafka`",
        )
    return time.perf_counter() - began_s


def _consume(settings: Settings, topic: str, count: int) -> float:
    consumer = Consumer(CONSUMER | {"bootstrap.servers": settings.kafka})
    consumer.assign([TopicPartition(topic, each, 0) for each in range(settings.partitions)])
    began_s = time.perf_counter()
    seen = 0
    while seen < count:
        message = consumer.poll(10)
        if message is None:
            raise LoadFailed(
                f"the floor's consumer saw {seen} of {count} records and no more",
                remedy="see Kafka's log: `eureke logs kafka`",
            )
        seen += 1 + len(consumer.consume(min(10_000, count - seen), 0))
    spent_s = time.perf_counter() - began_s
    consumer.close()
    return spent_s


def main() -> None:
    """Reads the arguments, measures, writes the floor as JSON."""
    parser = argparse.ArgumentParser(prog="eureke.measure.floor")
    parser.add_argument("--load", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    given.out.write_bytes(msgspec.json.encode(kafka_floor(Settings.of_process(), given.load)))


if __name__ == "__main__":
    main()
