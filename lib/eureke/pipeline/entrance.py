"""Where notifications enter by the API: into their lane's topic, and Kafka's answer for each."""

import asyncio
import contextlib
from collections.abc import Sequence
from functools import partial
from typing import Final, NamedTuple

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from eureke.notification import REQUEST_HEADER, TAG_HEADER
from eureke.settings import Settings

ANSWER_S: Final = 4.0
"""The longest that Kafka is waited for; then nobody knows, and the client is told so."""
SERVED_EVERY_S: Final = 0.001
QUEUED_MOST: Final = 200_000


class Entry(NamedTuple):
    """A notification on its way in."""

    id: str
    lane: str
    key: str
    value: bytes


class Entrance:
    """A producer for an event loop: reports are served by it, so no thread disputes its time."""

    def __init__(self, settings: Settings) -> None:
        self._topics = {lane.name: lane.topic for lane in settings.lanes}
        self._serving: asyncio.TimerHandle | None = None
        self._producer = Producer(
            {
                **settings.kafka_client,
                "acks": "all",
                "enable.idempotence": True,
                "compression.type": "lz4",
                "partitioner": "murmur2_random",
                "linger.ms": 1,
                "message.timeout.ms": int(ANSWER_S * 1000),
                "queue.buffering.max.messages": QUEUED_MOST,
                "log_level": 0,
            }
        )

    async def accept(
        self,
        entries: Sequence[Entry],
        *,
        request_id: str,
        lane: str = "",
        tag: str = "",
    ) -> list[bool]:
        """Whether Kafka has acknowledged each; what it has not may be there all the same.

        Args:
            entries: each goes to its lane, or all of them to the one that is named.
            request_id: of the request that brought them; it goes with them, as a header.
            lane: in place of each one's own.
            tag: takes them out of the accounts; goes with them too.
        """
        answers = _Answers(len(entries))
        produce, topics, report = self._producer.produce, self._topics, answers.report
        headers: list[tuple[str, str | bytes | None]] = [(REQUEST_HEADER, request_id.encode())]
        if tag:
            headers.append((TAG_HEADER, tag.encode()))
        for at, (_, own, key, value) in enumerate(entries):
            try:
                produce(
                    topics[lane or own],
                    value,
                    key,
                    headers=headers,
                    on_delivery=partial(report, at),
                )
            except (BufferError, KafkaException):  # its queue is full, or it never will be taken
                answers.note(at, False)
        if self._serving is None:
            self._serving = asyncio.get_running_loop().call_later(SERVED_EVERY_S, self._serve)
        return await answers.all

    def close(self) -> None:
        """Waits for the answers that are due, and ends."""
        self._producer.flush(ANSWER_S)

    def _serve(self) -> None:
        """Hands out the reports that are there, and comes again while some are due."""
        self._producer.poll(0)
        again = asyncio.get_running_loop().call_later
        self._serving = again(SERVED_EVERY_S, self._serve) if len(self._producer) else None


class _Answers:
    """Of some notifications, one by one, until all are there."""

    def __init__(self, count: int) -> None:
        self.all: asyncio.Future[list[bool]] = asyncio.get_running_loop().create_future()
        self._each = [False] * count
        self._due = count
        if not count:
            self.all.set_result([])

    def report(self, at: int, error: KafkaError | None, _message: Message) -> None:
        """Kafka's answer to one."""
        self.note(at, error is None)

    def note(self, at: int, acknowledged: bool) -> None:
        """Notes one, and tells who waits when it is the last."""
        self._each[at] = acknowledged
        self._due -= 1
        if not self._due:
            with contextlib.suppress(asyncio.InvalidStateError):  # nobody waits any more
                self.all.set_result(self._each)
