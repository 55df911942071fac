"""Who is in a lane's consumer group, and how many partitions each member has."""

from typing import Final

from confluent_kafka.admin import AdminClient

from eureke.settings import Settings

TIMEOUT_S: Final = 10.0


def partitions_by_member(settings: Settings, lane: str = "bulk") -> dict[str, int]:
    """How many partitions each dispatcher of a lane has, by its name.

    Raises:
        KafkaException: Kafka does not answer.
    """
    group = settings.lane(lane).group
    admin = AdminClient({**settings.kafka_client, "log_level": 0})
    found = admin.describe_consumer_groups([group])[group].result(timeout=TIMEOUT_S)
    return {
        member.group_instance_id: len(member.assignment.topic_partitions)
        for member in found.members
    }
