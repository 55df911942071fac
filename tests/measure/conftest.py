"""Topics of a test's own on the warm stack, and the processes of the test equipment."""

import dataclasses
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from tests.waiting import wait_until

from eureke.settings import READY_VARIABLE, SETTINGS_VARIABLE, Settings
from eureke.stack.stack import Stack

Eventually = Callable[[Callable[[], bool]], None]
Launch = Callable[..., "subprocess.Popen[str]"]
Produce = Callable[..., None]


@pytest.fixture
def own(stack: Stack, eventually: Eventually) -> Iterator[Settings]:
    """Settings whose topics nobody else reads or writes."""
    settings = dataclasses.replace(stack.settings, prefix=f"test-{secrets.token_hex(4)}")
    topics = [
        *(NewTopic(lane.topic, lane.partitions, 1) for lane in settings.lanes),
        NewTopic(settings.receipts, len(settings.lanes), 1),
        NewTopic(settings.dead_letters, 1, 1),
    ]
    admin = AdminClient({"bootstrap.servers": settings.kafka})
    for made in admin.create_topics(topics).values():
        made.result(timeout=10)
    eventually(lambda: all(led(settings.kafka, topic) for topic in topics))
    yield settings
    for gone in admin.delete_topics([topic.topic for topic in topics]).values():
        gone.result(timeout=10)


def led(kafka: str, topic: NewTopic) -> bool:
    """Whether the broker has taken up all partitions of a new topic."""
    consumer = Consumer({"bootstrap.servers": kafka, "group.id": "none", "log_level": 2})
    try:
        for each in range(topic.num_partitions):
            consumer.get_watermark_offsets(TopicPartition(topic.topic, each), timeout=5)
    except KafkaException:
        return False
    finally:
        consumer.close()
    return True


@pytest.fixture
def produce(own: Settings) -> Produce:
    """Writes one value to a topic, acknowledged by Kafka."""
    producer = Producer({"bootstrap.servers": own.kafka, "acks": "all"})

    def write(
        topic: str,
        value: bytes,
        *,
        partition: int = 0,
        headers: list[tuple[str, str | bytes | None]] | None = None,
    ) -> None:
        producer.produce(topic, value, partition=partition, headers=headers or [])
        assert producer.flush(10) == 0

    return write


@pytest.fixture
def eventually() -> Eventually:
    """Waits until a condition holds; fails at a deadline."""
    return partial(wait_until, within_s=20, look_s=0.02)


@pytest.fixture
def launch(tmp_path: Path, eventually: Eventually) -> Iterator[Launch]:
    """Starts a module as the stack does and waits until it says that it is ready."""
    started: list[subprocess.Popen[str]] = []

    def start(
        module: str, *arguments: str, settings: Settings, ready: bool = True
    ) -> "subprocess.Popen[str]":
        settings.write(tmp_path / "settings.json")
        mark = tmp_path / f"ready-{len(started)}"
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            env=os.environ
            | {SETTINGS_VARIABLE: str(tmp_path / "settings.json"), READY_VARIABLE: str(mark)},
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        if ready:
            eventually(lambda: mark.exists() or process.poll() is not None)
            assert process.poll() is None, process.communicate()[1]
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
