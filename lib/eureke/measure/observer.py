"""The observer: `python -m eureke.measure.observer --out FILE` notes each receipt as Kafka has it.

A consumer sees a record only after Kafka has committed it, so the time it is seen is an upper
bound of the time it was acknowledged.
"""

import argparse
import logging
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Protocol

import msgspec
from confluent_kafka import Message

from eureke.errors import EurekeError
from eureke.measure.outcome_reader import outcome_reader
from eureke.measure.place import place
from eureke.notification import CANARY_ID, DeadLetter, Receipt
from eureke.settings import Settings, announce_ready

log = logging.getLogger("observer")
FLUSH_NS = 200_000_000


class Out(Protocol):
    """Where lines go."""

    def write(self, content: bytes, /) -> object:
        """Writes them."""
        ...


class Seen(msgspec.Struct, frozen=True, omit_defaults=True):
    """One record of an outcome topic, and when it was seen."""

    topic: str
    place: int
    """Partition and offset in one integer (`measure.place`)."""
    t_ns: int
    lane: str = ""
    delivered: int = 0
    duplicate: int = 0
    expired: int = 0
    suppressed: int = 0
    retry: int = 0
    rejected: int = 0
    refused: int = 0
    """Whether the provider was away for the whole batch."""
    dead: int = 0
    malformed: int = 0

    @property
    def final(self) -> int:
        """Records of the lane that have their outcome by this."""
        sent = self.delivered + self.duplicate + self.expired + self.suppressed
        return sent + self.dead + self.malformed


class Observer:
    """Reads both outcome topics from their ends on.

    Raises:
        ServiceFailed: Kafka does not say where they end.
    """

    def __init__(
        self,
        settings: Settings,
        out: Out,
        *,
        clock: Callable[[], int] = time.monotonic_ns,
        timeout_s: float = 10.0,
    ) -> None:
        self._clock = clock
        self._receipts = settings.receipts
        self._out = out
        self._lines: list[bytes] = []
        self._encode = msgspec.json.Encoder().encode
        self._receipt = msgspec.json.Decoder(Receipt).decode
        self._letter = msgspec.json.Decoder(DeadLetter).decode
        self._consumer = outcome_reader(
            settings, who="observer", dead_letters=True, timeout_s=timeout_s
        )

    def look(self, *, timeout_s: float) -> None:
        """Notes what there is to see."""
        message = self._consumer.poll(timeout_s)
        if message is None or message.error():
            return  # an error here is Kafka being away, which librdkafka outlasts by itself
        t_ns = self._clock()
        for each in [message, *self._consumer.consume(1000, 0)]:
            seen = None if each.error() else self._seen(each, t_ns)
            if seen is not None:
                self._lines.append(self._encode(seen) + b"\n")

    def flush(self) -> None:
        """Writes what was noted, whole lines in one go: a kill leaves no half of one."""
        if self._lines:
            self._out.write(b"".join(self._lines))
            self._lines.clear()

    def close(self) -> None:
        """Ends the reading."""
        self.flush()
        self._consumer.close()

    def _seen(self, message: Message, t_ns: int) -> Seen | None:
        try:
            return self._decoded(message, t_ns)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            topic, at = message.topic() or "", _place(message)
            log.warning("the record at %s %d is not one of ours: %s", topic, at, error)
            return Seen("receipts" if topic == self._receipts else "dead-letters", at, t_ns)

    def _decoded(self, message: Message, t_ns: int) -> Seen | None:
        value, at = message.value() or b"", _place(message)
        if message.topic() != self._receipts:
            letter = self._letter(value)
            malformed = int(letter.id is None)
            return Seen(
                "dead-letters", at, t_ns, letter.lane, dead=1 - malformed, malformed=malformed
            )
        receipt = self._receipt(value)
        if receipt.delivered and all(each.id.startswith(CANARY_ID) for each in receipt.delivered):
            return None  # whoever waits for a load would see progress without end
        return Seen(
            "receipts",
            at,
            t_ns,
            receipt.lane,
            delivered=len(receipt.delivered),
            duplicate=len(receipt.duplicate),
            expired=len(receipt.expired),
            suppressed=len(receipt.suppressed),
            retry=len(receipt.retry),
            rejected=len(receipt.rejected),
            refused=int(bool(receipt.refused)),
        )


def _place(message: Message) -> int:
    return place(message.partition() or 0, message.offset() or 0)


def main() -> None:
    """Reads the arguments and observes until SIGTERM."""
    parser = argparse.ArgumentParser(prog="eureke.measure.observer")
    parser.add_argument("--out", type=Path, required=True)
    stopping: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        stopping.append(number)

    signal.signal(signal.SIGTERM, stop)
    given = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    with given.out.open("ab", buffering=0) as out:
        try:
            observer = Observer(Settings.of_process(), out)
        except EurekeError as error:
            sys.stderr.write(f"{error}\n")
            sys.exit(2)
        observer.look(timeout_s=0)
        announce_ready()
        flushed_ns = 0
        while not stopping:
            observer.look(timeout_s=0.1)
            if time.monotonic_ns() - flushed_ns > FLUSH_NS:
                observer.flush()
                flushed_ns = time.monotonic_ns()
        observer.close()


if __name__ == "__main__":
    main()
