"""The wire format: all that the parts of eureke know of each other.

Topics carry JSON, so that any Kafka tool shows them. Times ending in `_ns` are CLOCK_MONOTONIC
(one clock for all processes of one Linux host), except `created_ns` and `expires_ns`, which
belong to the notification and count from the Unix epoch.
"""

from typing import Final, Literal

import msgspec

Channel = Literal["push", "email", "sms", "webhook"]
Priority = Literal["urgent", "bulk"]
CHANNELS: Final[tuple[Channel, ...]] = ("push", "email", "sms", "webhook")
TAG_HEADER: Final = "tag"
"""Kafka header of records that no account may count as load: warm-up, replay, canary."""
REQUEST_HEADER: Final = "request-id"
"""Kafka header that says which request to the API brought a record."""
CANARY: Final = b"canary"
CANARY_ID: Final = "canary-"
"""What the ids of records with that tag begin with; one that has only one of both is counted, and
its account does not close."""
REPLAY: Final = b"replay"
"""The tag of dead letters that are sent again: they are no duplicates of what was never sent."""


class Notification(msgspec.Struct, frozen=True, gc=False):
    """One notification, the value of a record of a lane's topic; its key is the user's id."""

    id: str
    user_id: int
    channel: Channel
    priority: Priority
    template: str
    data: dict[str, str]
    created_ns: int
    expires_ns: int


class Position(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where a notification stands in its lane's topic, with its id."""

    partition: int
    offset: int
    id: str


class Setback(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An item that was not sent or not taken: why, and the wait that a provider asked for."""

    partition: int
    offset: int
    id: str
    reason: str
    retry_after_ms: int = 0


class Receipt(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one batch, the value of a record of the topic `receipts`.

    `delivered`, `duplicate`, `expired` and `suppressed` are final. `rejected` is followed by a
    dead letter, `retry` by a later receipt or a dead letter; where `refused` says why, that is so
    of the whole batch, and no item is listed. Each stage time is taken by the
    process that writes it: `polled_ns` dispatcher, `queued_ns` dispatcher, `started_ns` worker,
    `answered_ns` worker (0 where the batch did not go that far).
    """

    batch_id: str
    lane: str
    channel: str
    host: str
    pid: int
    attempt: int = 1
    polled_ns: int = 0
    queued_ns: int = 0
    started_ns: int = 0
    answered_ns: int = 0
    delivered: list[Position] = []
    duplicate: list[Position] = []
    expired: list[Position] = []
    suppressed: list[Setback] = []
    rejected: list[Setback] = []
    retry: list[Setback] = []
    refused: str = ""
    retry_after_ms: int = 0


class Unfinished(msgspec.Struct, frozen=True):
    """The part of a receipt that leaves something to be done, and its times; whoever needs no more
    decodes this.

    The delivered ones of a receipt are thousands, the others few.
    """

    batch_id: str
    queued_ns: int = 0
    started_ns: int = 0
    answered_ns: int = 0
    rejected: list[Setback] = []
    retry: list[Setback] = []
    refused: str = ""
    retry_after_ms: int = 0


class DeadLetter(msgspec.Struct, frozen=True, omit_defaults=True):
    """A record that will not be sent, the value of a record of the topic `dead-letters`.

    `id` is None where the record was malformed; `value` is the record's original bytes.
    """

    lane: str
    partition: int
    offset: int
    id: str | None
    reason: str
    value: bytes
    attempts: int = 0
    first_ns: int = 0
    last_ns: int = 0
