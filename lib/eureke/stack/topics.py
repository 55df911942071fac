"""The topics of a stack: `python -m eureke.stack.topics` makes those of the settings file."""

import gc
import sys

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from eureke.errors import EurekeError
from eureke.settings import Settings


def make_topics(settings: Settings) -> None:
    """Makes the lanes' topics and those of the outcomes; what is there already stays.

    Raises:
        KafkaException: the broker refuses.
    """
    admin = AdminClient({**settings.kafka_client, "log_level": 0})
    topics = [
        *(NewTopic(lane.topic, lane.partitions, settings.replication) for lane in settings.lanes),
        NewTopic(settings.receipts, len(settings.lanes), settings.replication),
        NewTopic(settings.dead_letters, 1, settings.replication),
    ]
    for made in admin.create_topics(topics).values():
        try:
            made.result(timeout=15)
        except KafkaException as error:
            if error.args[0].name() != "TOPIC_ALREADY_EXISTS":
                raise
    del admin, made
    gc.collect()  # a circle of references keeps the client's threads until then


def main() -> None:
    """Makes the topics."""
    try:
        make_topics(Settings.of_process())
    except (EurekeError, KafkaException) as error:
        sys.exit(f"the topics cannot be made: {error}")


if __name__ == "__main__":
    main()
