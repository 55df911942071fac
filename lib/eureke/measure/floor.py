"""Kafka's floor: the same bytes through the same broker, and nothing else.

`python -m eureke.measure.floor --load FOLDER --out FILE` produces a load's records into a topic of
its own and then consumes them, one after the other, with well-set clients: records encoded
beforehand, one report for all, no idle back-off. A slow floor would flatter the pipeline, so
clients, topic and broker are warm before the clock starts, and the median of three passes counts.
"""

import argparse
import contextlib
import gc
import secrets
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import BinaryIO, Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from eureke.errors import EurekeError, LoadFailed
from eureke.settings import Settings

PRODUCER: Final = {
    "acks": "all",
    "enable.idempotence": True,
    "compression.type": "lz4",
    "partitioner": "murmur2_random",
    "linger.ms": 20,
    "queue.buffering.max.messages": 100_000,
    "delivery.report.only.error": True,
    "log_level": 2,
}
CONSUMER: Final = {
    "group.id": "none",
    "enable.auto.commit": False,
    "fetch.queue.backoff.ms": 10,
    "fetch.message.max.bytes": 4_000_000,
    "log_level": 2,
}
PIECE: Final = 1_000_000
"""Records in memory at once; a larger load goes through in pieces, whose times are added."""
PASSES: Final = 3
"""A load of one piece goes through so often, and the median counts: one pass alone scatters."""
WARM_UP: Final = 100_000
"""Records before the clock starts: the broker's compiler has seen the path by then."""
FLUSH_S: Final = 120.0
SILENCE_S: Final = 10.0

COLUMNS: Final = ("key", "length")
Records = Sequence[tuple[bytes, bytes]]


class Floor(msgspec.Struct, frozen=True):
    """Seconds to produce and then to consume so many records; the median of the passes."""

    records: int
    produce_s: float
    consume_s: float
    value_bytes: int = 0
    passes: int = 1

    @property
    def total_s(self) -> float:
        """Both, one after the other."""
        return self.produce_s + self.consume_s


def kafka_floor(settings: Settings, load: Path) -> Floor:
    """The floor for a load's records, over as many partitions as the lane has.

    Raises:
        LoadFailed: the load cannot be read, or Kafka does not take it or give it back.
    """
    with contextlib.ExitStack() as clean_up:
        clean_up.callback(gc.enable)
        line = clean_up.enter_context(_Line(settings))
        floor = Floor(0, 0.0, 0.0, passes=1 if _rows(load) > PIECE else PASSES)
        for records in pieces(load, PIECE):
            if not floor.records:
                line.pass_through(records[:WARM_UP])
            gc.collect()
            gc.disable()
            passes = [line.pass_through(records) for _ in range(floor.passes)]
            gc.enable()
            produce_s, consume_s = sorted(passes, key=sum)[len(passes) // 2]
            floor = Floor(
                floor.records + len(records),
                floor.produce_s + produce_s,
                floor.consume_s + consume_s,
                floor.value_bytes + sum(len(value) for value, _ in records),
                floor.passes,
            )
            del records  # or the next piece would be read beside it
        return floor


def _rows(load: Path) -> int:
    """How many records a load has."""
    try:
        return int(pq.read_metadata(load / "load.parquet").num_rows)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise _unreadable(load, error) from error


def pieces(load: Path, size: int) -> Iterator[Records]:
    """A load's records, value and key, so many at a time.

    Raises:
        LoadFailed: the load is missing or damaged.
    """
    try:
        with (
            pq.ParquetFile(load / "load.parquet") as table,
            (load / "values.bin").open("rb") as file,
        ):
            for rows in table.iter_batches(columns=list(COLUMNS), batch_size=size):
                yield _records(rows, file)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise _unreadable(load, error) from error


def _unreadable(load: Path, error: Exception) -> LoadFailed:
    return LoadFailed(f"the load in {load} cannot be read: {error}", remedy="prepare it again")


def _records(rows: pa.RecordBatch, values: BinaryIO) -> Records:
    """The next records; their values stand in the file one after another."""
    keys, lengths = rows["key"].to_pylist(), rows["length"].to_pylist()
    records = [
        (values.read(length), key.encode()) for key, length in zip(keys, lengths, strict=True)
    ]
    if sum(len(value) for value, _ in records) != sum(lengths):
        raise ValueError("values.bin ends before its last value")
    return records


class _Line:
    """A topic of its own with one producer and one consumer; deleted at the end."""

    def __init__(self, settings: Settings) -> None:
        servers = settings.kafka_client
        self._topic = f"{settings.prefix}.floor-{secrets.token_hex(3)}"
        self._errors: list[KafkaError] = []
        self._admin = AdminClient(servers | {"log_level": 2})
        self._producer = Producer(PRODUCER | servers | {"on_delivery": self._report})
        self._consumer = Consumer(CONSUMER | servers)
        self._partitions = settings.partitions

    def __enter__(self) -> "_Line":
        new = NewTopic(self._topic, self._partitions, 1)
        self._admin.create_topics([new])[self._topic].result(timeout=10)
        self._consumer.assign(
            [TopicPartition(self._topic, each, 0) for each in range(self._partitions)]
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close()
        self._admin.delete_topics([self._topic])[self._topic].result(timeout=10)

    def pass_through(self, records: Records) -> tuple[float, float]:
        """Seconds to produce the records, and then to consume them."""
        began_s = time.perf_counter()
        self._produce(records)
        produced_s = time.perf_counter()
        self._consume(len(records))
        return produced_s - began_s, time.perf_counter() - produced_s

    def _produce(self, records: Records) -> None:
        produce, topic = self._producer.produce, self._topic
        for value, key in records:
            while True:
                try:
                    produce(topic, value, key)
                except BufferError:
                    self._producer.poll(0.01)
                else:
                    break
        left = self._producer.flush(FLUSH_S)
        if self._errors or left:
            raise LoadFailed(
                f"the floor's producer failed: {self._errors[:1]}, {left} records left",
                remedy="see Kafka's log: `eureke logs kafka`",
            )

    def _consume(self, count: int) -> None:
        seen = 0
        while seen < count:
            message = self._consumer.poll(SILENCE_S)
            if message is None:
                raise LoadFailed(
                    f"the floor's consumer saw {seen} of {count} records and no more",
                    remedy="see Kafka's log: `eureke logs kafka`",
                )
            messages = [message, *self._consumer.consume(min(10_000, count - seen), 0)]
            seen += sum(each.error() is None for each in messages)

    def _report(self, error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            self._errors.append(error)


def main() -> None:
    """Reads the arguments, measures, writes the floor as JSON."""
    parser = argparse.ArgumentParser(prog="eureke.measure.floor")
    parser.add_argument("--load", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()

    def stop(_number: int, _frame: FrameType | None) -> None:
        sys.exit(143)  # by way of __exit__, which deletes the topic

    signal.signal(signal.SIGTERM, stop)
    try:
        floor = kafka_floor(Settings.of_process(), given.load)
    except (EurekeError, KafkaException) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    given.out.write_bytes(msgspec.json.encode(floor))


if __name__ == "__main__":
    main()
