"""Where the account's evidence is read: topics, the sender's and the provider's records."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow.parquet as pq
from confluent_kafka import Consumer, Message, TopicPartition

from eureke.measure.ledger import Evidence, LogRows, OutcomeRows, SentRows
from eureke.measure.place import line, place
from eureke.notification import CANARY, CANARY_ID, TAG_HEADER, DeadLetter, Notification, Receipt
from eureke.settings import Settings

READ: Final = 20_000
_FETCHING: Final = {
    "enable.auto.commit": False,
    "group.id": "none",
    "fetch.queue.backoff.ms": 10,
    "fetch.message.max.bytes": 8_000_000,
    "queued.max.messages.kbytes": 65_536,
    "log_level": 2,
}


@dataclass(frozen=True, slots=True)
class Marks:
    """Where each topic and file ended at one moment: a load's evidence lies between two."""

    topics: dict[str, dict[int, int]]
    files: dict[str, int]


def marks(settings: Settings, *files: Path) -> Marks:
    """The ends of the lanes' and the outcomes' topics and of the files, now."""
    lanes = [lane.topic for lane in settings.lanes]
    topics = (*lanes, settings.receipts, settings.dead_letters)
    consumer = Consumer(_FETCHING | settings.kafka_client)
    try:
        known = consumer.list_topics(timeout=10).topics
        return Marks(
            topics={
                topic: {
                    partition: consumer.get_watermark_offsets(
                        TopicPartition(topic, partition), timeout=10
                    )[1]
                    for partition in known[topic].partitions
                }
                for topic in topics
            },
            files={str(file): file.stat().st_size if file.exists() else 0 for file in files},
        )
    finally:
        consumer.close()


def committed(settings: Settings) -> dict[int, int]:
    """By the line of a partition (see `line`), where its group goes on after a restart."""
    found: dict[int, int] = {}
    for number, lane in enumerate(settings.lanes):
        consumer = Consumer({**settings.kafka_client, "group.id": lane.group, "log_level": 2})
        try:
            places = [TopicPartition(lane.topic, each) for each in range(lane.partitions)]
            for at in consumer.committed(places, timeout=10):
                found[line(number, at.partition)] = max(at.offset, 0)
        finally:
            consumer.close()
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A load that was sent: its lane, its folder and the sender's record."""

    lane: str
    load: Path
    record: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The evidence of loads that were sent at the same time: what was written between two marks."""

    settings: Settings
    begin: Marks
    end: Marks
    loads: tuple[Sent, ...]
    provider: Path

    def evidence(self) -> Evidence:
        """The evidence, read anew whenever a part of it is gone through."""
        return Evidence(
            sent=Again(self._sent),
            log=Again(self._log),
            outcomes=Again(self._outcomes),
            effects=Again(self._effects),
            committed=committed(self.settings),
        )

    def receipts(self) -> Iterator[tuple[int, Receipt]]:
        """Place (see `Seen`) and receipt of each batch."""
        decode = msgspec.json.Decoder(Receipt).decode
        for messages in self._read(self.settings.receipts):
            for message in messages:
                at = place(message.partition() or 0, message.offset() or 0)
                yield at, decode(message.value() or b"")

    def letters(self) -> Iterator[list[DeadLetter]]:
        """The dead letters, some at a time."""
        decode = msgspec.json.Decoder(DeadLetter).decode
        for messages in self._read(self.settings.dead_letters):
            yield [decode(message.value() or b"") for message in messages]

    def effects(self) -> Iterator[dict[str, Any]]:
        """The lines of the provider's record."""
        decode = msgspec.json.Decoder().decode
        for each in lines(self.provider, self.begin, self.end):
            yield decode(each)

    def _sent(self) -> Iterator[SentRows]:
        """The senders' records beside the loads' expectations, both in the order of sending."""
        for sent in self.loads:
            yield from _sent_rows(sent)

    def _log(self) -> Iterator[LogRows]:
        decode = msgspec.json.Decoder(Notification).decode
        for number, lane in enumerate(self.settings.lanes):
            for messages in self._read(lane.topic):
                ids: list[str | None] = []
                places = []
                for message in messages:
                    try:
                        found: str | None = decode(message.value()).id  # type: ignore[arg-type]
                    except (msgspec.MsgspecError, TypeError, UnicodeDecodeError):
                        found = None
                    if not _counts(found) and _tagged(message):
                        continue
                    ids.append(found)
                    at = line(number, message.partition() or 0)
                    places.append(place(at, message.offset() or 0))
                yield LogRows(ids, places)

    def _outcomes(self) -> Iterator[OutcomeRows]:
        lanes = {lane.name: number for number, lane in enumerate(self.settings.lanes)}
        for _, receipt in self.receipts():
            number = lanes[receipt.lane]
            for outcome in ("delivered", "suppressed", "expired", "duplicate"):
                positions = [at for at in getattr(receipt, outcome) if _counts(at.id)]
                if positions:
                    yield OutcomeRows(
                        [at.id for at in positions],
                        [place(line(number, at.partition), at.offset) for at in positions],
                        [outcome] * len(positions),
                    )
        for every in self.letters():
            letters = [letter for letter in every if _counts(letter.id)]
            yield OutcomeRows(
                [letter.id for letter in letters],
                [
                    place(line(lanes[letter.lane], letter.partition), letter.offset)
                    for letter in letters
                ],
                ["malformed" if letter.id is None else "dead_lettered" for letter in letters],
            )

    def _effects(self) -> Iterator[list[str]]:
        ids: list[str] = []
        for effects in self.effects():
            ids += filter(_counts, effects["effects"])
            if len(ids) > READ:
                yield ids
                ids = []
        if ids:
            yield ids

    def _read(self, topic: str) -> Iterator[list[Message]]:
        """The topic's records between the marks, some at a time."""
        ends = self.end.topics[topic]
        begins = self.begin.topics[topic]
        left = {at for at in ends if begins[at] < ends[at]}
        consumer = Consumer(_FETCHING | self.settings.kafka_client)
        try:
            consumer.assign([TopicPartition(topic, at, begins[at]) for at in left])
            while left:
                first = consumer.poll(10)
                if first is None:
                    continue
                messages = []
                for message in [first, *consumer.consume(READ, 0)]:
                    partition, offset = message.partition() or 0, message.offset()
                    if message.error() or offset is None:
                        continue
                    if offset < ends[partition]:
                        messages.append(message)
                    if offset + 1 >= ends[partition]:
                        left.discard(partition)
                yield messages
        finally:
            consumer.close()


def _counts(id_: str | None) -> bool:
    """Whether an outcome or an effect is of the load: canaries are not."""
    return id_ is None or not id_.startswith(CANARY_ID)


def _tagged(message: Message) -> bool:
    """Whether a record says of itself that it is a canary."""
    return (TAG_HEADER, CANARY) in (message.headers() or ())


def _sent_rows(sent: Sent) -> Iterator[SentRows]:
    """The load's rows beside their fates; the two files are cut into pieces of their own sizes."""
    fates = pq.read_table(sent.record, columns=["status"])["status"]
    start = 0
    with pq.ParquetFile(sent.load / "load.parquet") as load:
        for rows in load.iter_batches(columns=["id", "expected"], batch_size=100_000):
            statuses = fates.slice(start, rows.num_rows).to_pylist()
            start += rows.num_rows
            if statuses:
                ids, expected = (rows[name].to_pylist() for name in ("id", "expected"))
                yield SentRows(ids[: len(statuses)], expected[: len(statuses)], statuses)


@dataclass(frozen=True, slots=True)
class Again:
    """An iterable that begins anew each time it is gone through."""

    read: Any

    def __iter__(self) -> Iterator[Any]:
        return iter(self.read())


def lines(path: Path, begin: Marks, end: Marks) -> Iterator[bytes]:
    """The whole lines a file got between the marks."""
    start, stop = begin.files[str(path)], end.files[str(path)]
    if start == stop:
        return
    with path.open("rb") as file:
        file.seek(start)
        at = start
        for each in file:
            at += len(each)
            if at > stop:
                return
            yield each
