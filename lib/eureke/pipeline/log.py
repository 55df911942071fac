"""Reading from Kafka: a lane as a member of its group, and the receipts as they come."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from confluent_kafka import (
    OFFSET_INVALID,
    Consumer,
    KafkaError,
    KafkaException,
    TopicPartition,
)

from eureke.notification import Unfinished
from eureke.pipeline.records import FETCHING, Record, checked, drained
from eureke.settings import Lane, Settings

log = logging.getLogger("dispatcher")


def configuration(settings: Settings, lane: Lane, *, name: str) -> dict[str, Any]:
    """How a member of the lane's group reads."""
    return FETCHING | {
        **settings.kafka_client,
        "group.id": lane.group,
        # A successor under the same name takes over at once, without waiting for the session of
        # the one that was killed.
        "group.instance.id": name,
        "auto.offset.reset": "earliest",
        "partition.assignment.strategy": "cooperative-sticky",
        "session.timeout.ms": 6000,
        # By its answer a member learns that another has come or gone; twice where one hands over.
        "heartbeat.interval.ms": 500,
    }


class LaneReader:
    """A member of the lane's consumer group that commits only what it is told to."""

    def __init__(
        self,
        settings: Settings,
        lane: Lane,
        *,
        name: str,
        gained: Callable[[dict[int, int]], None],
        revoked: Callable[[set[int]], None],
        lost: Callable[[set[int]], None],
    ) -> None:
        self._topic = lane.topic
        self._gained, self._revoked, self._lost = gained, revoked, lost
        self._committed: dict[int, int] = {}
        self._paused = False
        self._dropped = False
        self._consumer = Consumer(
            configuration(settings, lane, name=name) | {"on_commit": self._on_commit}
        )
        self._consumer.subscribe(
            [lane.topic],
            on_assign=self._on_assign,
            on_revoke=self._on_revoke,
            on_lost=self._on_lost,
        )

    def poll(self, *, timeout_s: float) -> list[Record]:
        """The records that are there: waits for one, then drains; errors raise."""
        self._pause(False)
        records = drained(self._consumer, timeout_s=timeout_s)
        if self._dropped:  # some in hand may be of partitions that another member reads now
            records = [each for each in records if each.partition() in self._committed]
            self._dropped = False
        return records

    def hold_back(self) -> None:
        """Stays a member of the group without taking records."""
        self._pause(True)
        message = self._consumer.poll(0)
        if message is not None:  # it was fetched before the pause: read it again later
            for at in checked([message]):
                self._consumer.seek(TopicPartition(self._topic, at.partition(), at.offset()))

    def _pause(self, paused: bool) -> None:
        if paused == self._paused:
            return
        partitions = self._consumer.assignment()
        (self._consumer.pause if paused else self._consumer.resume)(partitions)
        self._paused = paused

    def commit(self, offsets: dict[int, int], *, wait: bool = False) -> bool:
        """Commits the offsets that moved, and tells whether any did.

        Args:
            wait: all of them, and the answer is awaited.
        """
        moved = {
            partition: offset
            for partition, offset in offsets.items()
            if offset != self._committed.get(partition)
        }
        told = offsets if wait else moved
        if not told:
            return False
        places = [TopicPartition(self._topic, *entry) for entry in told.items()]
        self._committed |= told
        if not wait:
            self._consumer.commit(offsets=places)
            return True
        try:
            self._consumer.commit(offsets=places, asynchronous=False)
        except KafkaException as error:
            # Costs repeated attempts at most: whoever reads next begins before these offsets.
            log.warning("the last offsets could not be committed: %s", error)
        return bool(moved)

    def close(self) -> None:
        """Leaves the group."""
        self._consumer.close()

    def _on_commit(self, error: KafkaError | None, partitions: list[TopicPartition]) -> None:
        """What was refused, as in the middle of a rebalance, is told again the next time.

        Else it would wait for the next record, which may never come.
        """
        for at in partitions:
            if (error or at.error) and at.partition in self._committed:
                self._committed[at.partition] = OFFSET_INVALID

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        committed = consumer.committed(partitions, timeout=10)
        offsets = {at.partition: max(at.offset, 0) for at in committed}
        self._gained(offsets)
        self._committed |= offsets
        places = [TopicPartition(self._topic, *entry) for entry in offsets.items()]
        consumer.incremental_assign(places)
        # A partition that was taken away while it was paused comes back paused.
        (consumer.pause if self._paused else consumer.resume)(places)

    def _on_revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        gone = {at.partition for at in partitions}
        self._revoked(gone)
        consumer.incremental_unassign(partitions)
        self._drop(gone)

    def _on_lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        gone = {at.partition for at in partitions}
        self._lost(gone)
        consumer.incremental_unassign(partitions)
        self._drop(gone)

    def _drop(self, partitions: set[int]) -> None:
        self._dropped = True
        for partition in partitions:
            self._committed.pop(partition, None)


class ReceiptReader:
    """Every receipt of a lane from the moment of its making on."""

    def __init__(self, settings: Settings, lane_name: str) -> None:
        self._decode = msgspec.json.Decoder(Unfinished).decode
        self._consumer = Consumer(FETCHING | {**settings.kafka_client, "group.id": "none"})
        topic, partition = settings.receipts, settings.receipt_partition(lane_name)
        end = self._end(topic, partition)
        self._consumer.assign([TopicPartition(topic, partition, end)])

    def _end(self, topic: str, partition: int) -> int:
        _, end = self._consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)
        return int(end)

    def poll(self, *, timeout_s: float) -> Iterator[Unfinished]:
        """The receipts that are there: waits for one, then drains."""
        for record in drained(self._consumer, timeout_s=timeout_s):
            try:
                yield self._decode(record.value())
            except (msgspec.MsgspecError, TypeError, UnicodeDecodeError) as error:
                # Somebody else wrote it: it settles nothing, and must not stop the lane.
                log.warning("record %d of the receipts is none: %s", record.offset(), error)

    def close(self) -> None:
        """Ends the reading."""
        self._consumer.close()
