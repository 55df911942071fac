"""Evidence: what stands between two marks, lane by lane, and nothing else."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from eureke.measure.account import Account
from eureke.measure.evidence import Marks, Sent, Span, lines, marks
from eureke.measure.ledger import account
from eureke.notification import (
    CANARY,
    TAG_HEADER,
    DeadLetter,
    Notification,
    Position,
    Receipt,
    Setback,
)
from eureke.settings import Settings

Produce = Callable[..., None]
encode = msgspec.json.encode


def notification(notification_id: str) -> bytes:
    return encode(Notification(notification_id, 1, "sms", "bulk", "hello", {}, 1, 2))


def sent(folder: Path, lane: str, rows: list[tuple[str | None, str]]) -> Sent:
    """A load of these ids and expectations, all of it acknowledged."""
    load = folder / lane
    load.mkdir(parents=True)
    ids, expected = zip(*rows, strict=True)
    pq.write_table(pa.table({"id": ids, "expected": expected}), load / "load.parquet")
    pq.write_table(pa.table({"status": ["acknowledged"] * len(rows)}), load / "sent.parquet")
    return Sent(lane=lane, load=load, record=load / "sent.parquet")


def effects(path: Path, *ids: str) -> None:
    with path.open("ab") as file:
        file.write(encode({"t_ns": 1, "channel": "sms", "effects": ids, "repeats": []}) + b"\n")


def test_two_lanes_are_accounted_for_together_and_apart(
    own: Settings, produce: Produce, tmp_path: Path
) -> None:
    """Partition 0, offset 1 is another place in each lane; what came before belongs to nobody."""
    provider = tmp_path / "provider.ndjson"
    bulk, urgent = own.lane("bulk"), own.lane("urgent")
    produce(bulk.topic, notification("earlier"))
    produce(own.receipts, encode(Receipt("b-0", "bulk", "sms", "host", 1, delivered=[])))
    effects(provider, "earlier")
    begin = marks(own, provider)
    for value in (notification("a"), b"garbage", notification("b"), notification("b")):
        produce(bulk.topic, value)
    for name in ("u", "v"):
        produce(urgent.topic, notification(name))
    effects(provider, "a", "u")
    done = Receipt(
        "b-1", "bulk", "sms", "host", 1, delivered=[Position(0, 1, "a")], duplicate=[
            Position(0, 4, "b")
        ], suppressed=[Setback(0, 3, "b", "quiet hours")],
    )  # fmt: skip
    produce(own.receipts, encode(done))
    produce(
        own.receipts,
        encode(Receipt("b-2", "urgent", "sms", "host", 1, delivered=[Position(0, 0, "u")])),
        partition=1,
    )
    produce(own.dead_letters, encode(DeadLetter("bulk", 0, 2, None, "malformed", b"garbage")))
    produce(own.dead_letters, encode(DeadLetter("urgent", 0, 1, "v", "gone", b"")))
    span = Span(
        settings=own,
        begin=begin,
        end=marks(own, provider),
        loads=(
            sent(
                tmp_path,
                "bulk",
                [("a", "delivered"), (None, "malformed"), ("b", "suppressed"), ("b", "duplicate")],
            ),
            sent(tmp_path, "urgent", [("u", "delivered"), ("v", "rejected")]),
        ),
        provider=provider,
    )
    effects(provider, "later")
    found = account(span.evidence())
    assert found.closes, found
    assert (found.records, found.unique, found.duplicates, found.malformed) == (6, 4, 1, 1)
    assert (found.delivered, found.suppressed, found.dead_lettered) == (2, 1, 1)
    swapped = dataclasses.replace(span, loads=span.loads[:1])
    blamed = account(swapped.evidence())
    assert sorted(blamed.culprits["phantom"]) == ["u", "v"], "what nobody sent is a phantom"


def test_only_whole_lines_between_the_marks_are_read(tmp_path: Path) -> None:
    """A writer may be in the middle of one."""
    path = tmp_path / "record.ndjson"
    path.write_bytes(b"one\ntwo\nthree\nfo")
    begin, end = Marks({}, {str(path): 4}), Marks({}, {str(path): 13})
    assert list(lines(path, begin, end)) == [b"two\n"]
    assert list(lines(path, begin, begin)) == []


def test_a_canary_counts_nowhere_and_half_a_one_everywhere(
    own: Settings, produce: Produce, tmp_path: Path
) -> None:
    """Only what has both its id and its tag is left out: nothing hides by one of them."""
    provider = tmp_path / "provider.ndjson"
    bulk = own.lane("bulk")
    tag: list[tuple[str, str | bytes | None]] = [(TAG_HEADER, CANARY)]

    def accounted(rows: list[tuple[bytes, str, bool]]) -> Account:
        begin = marks(own, provider)
        first = begin.topics[bulk.topic][0]
        for value, _, tagged in rows:
            produce(bulk.topic, value, headers=tag if tagged else None)
        names = [name for _, name, _ in rows]
        effects(provider, *names)
        positions = [Position(0, first + at, name) for at, name in enumerate(names)]
        produce(own.receipts, encode(Receipt("b", "bulk", "sms", "host", 1, delivered=positions)))
        load = sent(tmp_path / names[-1], "bulk", [("a", "delivered")])
        span = Span(
            settings=own, begin=begin, end=marks(own, provider), loads=(load,), provider=provider
        )
        return account(span.evidence(), scratch=tmp_path)

    whole = (notification("canary-1"), "canary-1", True)
    load = (notification("a"), "a", False)
    assert accounted([load, whole]).closes
    assert not accounted([load, (notification("canary-2"), "canary-2", False)]).closes
    assert not accounted([load, (notification("b"), "b", True)]).closes
