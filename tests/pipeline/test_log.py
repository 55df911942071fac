"""A lane's reader: what it could not commit is not forgotten."""

import secrets
from collections.abc import Iterator
from dataclasses import replace

import pytest
from confluent_kafka import KafkaError, Producer, TopicPartition
from tests.waiting import wait_until

from eureke.pipeline.log import LaneReader
from eureke.settings import Settings
from eureke.stack.stack import Stack
from eureke.stack.topics import make_topics


@pytest.fixture
def own(stack: Stack) -> Settings:
    """Settings with topics of the test's own, of one partition."""
    settings = replace(stack.settings, prefix=f"log-{secrets.token_hex(4)}", partitions=1)
    make_topics(settings)
    return settings


@pytest.fixture
def reader(own: Settings) -> Iterator[LaneReader]:
    """One that has read the lane's three records."""
    lane = own.lane("bulk")
    producer = Producer(own.kafka_client)
    for _ in range(3):
        producer.produce(lane.topic, b"{}")
    assert producer.flush(10) == 0
    made = LaneReader(
        own, lane, name="one", gained=lambda _: None, revoked=lambda _: None, lost=lambda _: None
    )
    seen: list[object] = []

    def all_read() -> bool:
        seen.extend(made.poll(timeout_s=0.1))
        return len(seen) == 3

    wait_until(all_read, within_s=20, what="the three records")
    yield made
    made.close()


def test_an_offset_is_committed_once(reader: LaneReader) -> None:
    assert reader.commit({0: 3})
    assert not reader.commit({0: 3})


def test_one_that_was_refused_is_committed_again(reader: LaneReader, own: Settings) -> None:
    """As in the middle of a rebalance; no further record has to come for it."""
    reader.commit({0: 3}, wait=True)
    refused = TopicPartition(own.lane("bulk").topic, 0, 3)
    reader._on_commit(KafkaError(KafkaError.REBALANCE_IN_PROGRESS), [refused])
    assert reader.commit({0: 3})
    reader._on_commit(None, [refused])
    assert not reader.commit({0: 3})
