"""The newest notifications out of the log: they are kept there anyway."""

import re
from collections.abc import Callable, Collection, Iterator
from typing import Final

import msgspec
from confluent_kafka import KafkaException

from eureke.errors import EurekeError
from eureke.notification import Notification
from eureke.pipeline.records import latest
from eureke.settings import Settings

LOOKED_AT: Final = 2_000
"""Records of each partition that are looked through; what is older is not found."""
_decode = msgspec.json.Decoder(Notification).decode


def newest(settings: Settings, *, most: int) -> list[Notification]:
    """Those of everybody, newest first.

    Raises:
        EurekeError: Kafka does not answer.
    """
    return _sorted(_notifications(settings, lambda _value: True))[:most]


def newest_of(
    settings: Settings, user_ids: Collection[int], *, most: int
) -> dict[int, list[Notification]]:
    """Those of each of these users, newest first, all in one pass.

    Raises:
        EurekeError: Kafka does not answer.
    """
    found: dict[int, list[Notification]] = {each: [] for each in user_ids}
    # Some went into the log as they came, spaces included.
    theirs = re.compile(rf'"user_id"\s*:\s*(?:{"|".join(map(str, found))})\D'.encode())
    for each in _notifications(settings, lambda value: theirs.search(value) is not None):
        if each.user_id in found:
            found[each.user_id].append(each)
    return {user_id: _sorted(some)[:most] for user_id, some in found.items()}


def _sorted(some: Collection[Notification] | Iterator[Notification]) -> list[Notification]:
    return sorted(some, key=lambda each: each.created_ns, reverse=True)


def _notifications(settings: Settings, wanted: Callable[[bytes], bool]) -> Iterator[Notification]:
    """Those whose bytes are wanted: most are not, and need not be decoded."""
    try:
        for lane in settings.lanes:
            for records in latest(settings, lane.topic, records=LOOKED_AT):
                for record in records:
                    value = record.value() or b""
                    if wanted(value) and (found := _decoded(value)):
                        yield found
    except KafkaException as error:
        raise EurekeError(
            f"Kafka could not be asked for notifications: {error}",
            remedy="see that it runs, and its log",
        ) from error


def _decoded(value: bytes) -> Notification | None:
    try:
        return _decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None  # malformed: it is nobody's
