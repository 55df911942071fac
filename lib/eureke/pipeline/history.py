"""The newest notifications of users, out of the log: it is kept there anyway."""

from collections.abc import Collection
from typing import Final

import msgspec
from confluent_kafka import Consumer, KafkaException, TopicPartition

from eureke.errors import EurekeError
from eureke.notification import Notification
from eureke.pipeline.log import before
from eureke.settings import Settings

NEWEST_MOST: Final = 50
LOOKED_AT: Final = 2_000
"""Records of each partition that are looked through; what is older is not found."""
_decode = msgspec.json.Decoder(Notification).decode


def newest(
    settings: Settings, user_ids: Collection[int] | None, *, most: int
) -> dict[int, list[Notification]]:
    """The newest first of each of these users, all in one pass; of everybody where it is None.

    Raises:
        EurekeError: Kafka does not answer.
    """
    needles = None if user_ids is None else [f'"user_id":{each},'.encode() for each in user_ids]
    found: dict[int, list[Notification]] = {each: [] for each in user_ids or ()}
    try:
        for lane in settings.lanes:
            ends = _ends(settings, lane.topic)
            for records in before(settings, lane.topic, ends, records=LOOKED_AT):
                for record in records:
                    value = record.value() or b""
                    if needles is None or any(needle in value for needle in needles):
                        _add(found, value, everybody=needles is None)
    except KafkaException as error:
        raise EurekeError(
            f"Kafka could not be asked for notifications: {error}",
            remedy="see that it runs, and its log",
        ) from error
    for some in found.values():
        some.sort(key=lambda each: each.created_ns, reverse=True)
        del some[most:]
    return found


def _add(found: dict[int, list[Notification]], value: bytes, *, everybody: bool) -> None:
    try:
        notification = _decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return  # malformed: it is nobody's
    if everybody or notification.user_id in found:
        found.setdefault(notification.user_id, []).append(notification)


def _ends(settings: Settings, topic: str) -> dict[int, int]:
    consumer = Consumer({**settings.kafka_client, "group.id": "none", "log_level": 0})
    try:
        return {
            at: consumer.get_watermark_offsets(TopicPartition(topic, at), timeout=5)[1]
            for at in range(settings.partitions)
        }
    finally:
        consumer.close()
