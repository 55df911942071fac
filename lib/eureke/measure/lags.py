"""Where the topics end and where the dispatchers' groups are, as Kafka tells it."""

from dataclasses import dataclass
from typing import Final

from confluent_kafka import OFFSET_END, Consumer, KafkaException, TopicPartition

from eureke.settings import Settings

_QUIET: Final = {"log_level": 0}

Place = tuple[str, int]
"""A topic and a partition of it."""


@dataclass(frozen=True, slots=True)
class Lag:
    """How far a group is with one partition of its lane."""

    group: str
    topic: str
    partition: int
    committed: int
    end: int

    @property
    def records(self) -> int:
        """How many have no outcome yet: a group commits nothing before."""
        return self.end - self.committed


class Lags:
    """Asks Kafka for ends and commits; everything it cannot answer raises KafkaException."""

    def __init__(self, settings: Settings, *, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._groups = [
            (
                lane.group,
                Consumer({**settings.kafka_client, **_QUIET, "group.id": lane.group}),
                [TopicPartition(lane.topic, each) for each in range(lane.partitions)],
            )
            for lane in settings.lanes
        ]
        self._outcomes = [
            *(TopicPartition(settings.receipts, each) for each in range(len(settings.lanes))),
            TopicPartition(settings.dead_letters, 0),
        ]

    def close(self) -> None:
        """Ends the connections."""
        for _, consumer, _ in self._groups:
            consumer.close()

    def ends(self) -> dict[Place, int]:
        """Where every topic of ours ends; one request to each broker."""
        _, consumer, _ = self._groups[0]
        lanes = [place for _, _, places in self._groups for place in places]
        wanted = [
            TopicPartition(each.topic, each.partition, OFFSET_END)
            for each in (*lanes, *self._outcomes)
        ]
        return _offsets(consumer.offsets_for_times(wanted, timeout=self._timeout_s))

    def lags(self, ends: dict[Place, int]) -> list[Lag]:
        """How far each group is; one request each.

        Args:
            ends: where the topics ended shortly before.
        """
        return [
            Lag(group, topic, partition, max(committed, 0), ends[topic, partition])
            for group, consumer, places in self._groups
            for (topic, partition), committed in _offsets(
                consumer.committed(places, timeout=self._timeout_s)
            ).items()
        ]


def _offsets(answered: list[TopicPartition]) -> dict[Place, int]:
    for each in answered:
        if each.error:
            raise KafkaException(each.error)
    return {(each.topic, each.partition): each.offset for each in answered}
