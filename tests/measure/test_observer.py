"""The observer: what it sees of receipts and dead letters, and when."""

import io
import signal
from pathlib import Path

import msgspec
import pytest
from tests.measure.conftest import Eventually, Launch, Produce

from eureke.errors import ServiceFailed
from eureke.measure.observer import Observer, Seen
from eureke.notification import DeadLetter, Position, Receipt, Setback
from eureke.settings import Settings

encode = msgspec.json.encode
RECEIPT = Receipt(
    "b-1",
    "bulk",
    "sms",
    "host",
    1,
    delivered=[Position(0, 1, "a"), Position(0, 2, "b")],
    duplicate=[Position(0, 3, "a")],
    rejected=[Setback(0, 4, "c", "no such recipient")],
    retry=[Setback(0, 5, "d", "try again")],
)
DEAD = DeadLetter("bulk", 0, 4, "c", "no such recipient", b"{}")
MALFORMED = DeadLetter("bulk", 0, 6, None, "malformed", b"{")


def seen(written: bytes) -> list[Seen]:
    decode = msgspec.json.Decoder(Seen).decode
    return [decode(line) for line in written.splitlines()]


def by_place(each: Seen) -> tuple[str, int]:
    return each.topic, each.place


def looked(
    observer: Observer, out: io.BytesIO, *, count: int, eventually: Eventually
) -> list[Seen]:
    """What was written once so many records were seen, by topic and offset."""

    def all_seen() -> bool:
        observer.look(timeout_s=0.1)
        observer.flush()
        return len(out.getvalue().splitlines()) >= count

    eventually(all_seen)
    return sorted(seen(out.getvalue()), key=by_place)


def test_each_record_is_counted_by_outcome_with_the_time_it_was_seen(
    own: Settings, produce: Produce, eventually: Eventually
) -> None:
    """Receipts and dead letters become a line each, with offset, counts and time."""
    out = io.BytesIO()
    observer = Observer(own, out, clock=lambda: 42)
    produce(own.receipts, encode(RECEIPT))
    produce(own.dead_letters, encode(DEAD))
    produce(own.dead_letters, encode(MALFORMED))
    found = looked(observer, out, count=3, eventually=eventually)
    observer.close()
    assert found == [
        Seen("dead-letters", 0, 42, "bulk", dead=1),
        Seen("dead-letters", 1, 42, "bulk", malformed=1),
        Seen("receipts", 0, 42, "bulk", delivered=2, duplicate=1, retry=1, rejected=1),
    ]


def test_only_what_ends_a_record_counts_as_final() -> None:
    """A retry is no outcome, and a rejected item is followed by its dead letter."""
    assert Seen("receipts", 0, 1, delivered=2, duplicate=1, retry=5, rejected=7).final == 3
    assert Seen("dead-letters", 0, 1, dead=1).final == 1
    assert Seen("dead-letters", 0, 1, malformed=1).final == 1


def test_what_was_there_before_is_not_seen(
    own: Settings, produce: Produce, eventually: Eventually
) -> None:
    """It begins at the ends of the topics."""
    produce(own.receipts, encode(RECEIPT))
    out = io.BytesIO()
    observer = Observer(own, out)
    produce(own.receipts, encode(RECEIPT))
    (found,) = looked(observer, out, count=1, eventually=eventually)
    observer.close()
    assert found.place == 1


def test_a_record_that_is_not_ours_does_not_end_the_observing(
    own: Settings, produce: Produce, eventually: Eventually
) -> None:
    """It has its line, without an outcome, and the next one is seen as ever."""
    out = io.BytesIO()
    observer = Observer(own, out, clock=lambda: 42)
    produce(own.receipts, b"\xff{")
    produce(own.receipts, encode(RECEIPT))
    broken, whole = looked(observer, out, count=2, eventually=eventually)
    observer.close()
    assert broken == Seen("receipts", 0, 42)
    assert whole.delivered == 2


def test_a_process_writes_while_it_observes_and_ends_when_told(
    own: Settings, produce: Produce, eventually: Eventually, launch: Launch, tmp_path: Path
) -> None:
    """Once ready it misses nothing; SIGTERM ends it cleanly."""
    out = tmp_path / "observed.ndjson"
    process = launch("eureke.measure.observer", "--out", str(out), settings=own)
    produce(own.receipts, encode(RECEIPT))
    eventually(lambda: out.read_bytes().endswith(b"\n"))
    (found,) = seen(out.read_bytes())
    assert found.delivered == 2
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0


def test_a_broker_that_never_answers_is_an_error_with_a_remedy(own: Settings) -> None:
    """Without the ends of the topics nothing could be observed."""
    missing = Settings(
        kafka="127.0.0.1:1",
        redis_queue="",
        redis_cache="",
        provider_url="",
        users_url="",
        prefix=own.prefix,
    )
    with pytest.raises(ServiceFailed, match="cannot read from Kafka"):
        Observer(missing, io.BytesIO(), timeout_s=0.5)
