"""The sender: `python -m eureke.world.sender --load FOLDER --lane NAME --out FILE [--tag TAG]`.

Sends each record of a load when it is meant to be sent, never waiting for an answer (open loop),
and keeps its own record of what Kafka said: acknowledged, refused (never sent) or unknown.
"""

import gc
import signal
import sys
import time
from array import array
from collections.abc import Callable
from contextlib import closing
from itertools import chain
from types import FrameType
from typing import Any, Final

import numpy as np
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from eureke.errors import EurekeError
from eureke.notification import TAG_HEADER
from eureke.settings import Settings
from eureke.world.errand import Errand
from eureke.world.load import PACED_PIECE, pieces, size
from eureke.world.sent import (
    ACKNOWLEDGED,
    REPORT_NS,
    UNKNOWN,
    Fates,
    ProgressFile,
    SentWriter,
    Times,
    decided,
    fate,
)

POLL_NS: Final = 1_500_000
"""Time enough to serve reports until so long before a send."""
SPIN_NS: Final = 150_000
"""A sleep ends late by so much; the rest is spun away."""
Report = Callable[[KafkaError | None, Message | None], None]


class Sender:
    """Sends a load and remembers each record's times and fate."""

    def __init__(self, settings: Settings, errand: Errand) -> None:
        self._topic = settings.lane(errand.lane).topic
        self._folder = errand.load
        self._out = errand.out
        tag = errand.tag.encode()
        self._options: dict[str, Any] = {"headers": [(TAG_HEADER, tag)]} if tag else {}
        self._total, self.paced = size(errand.load)
        self._count = 0
        self._stopping = False
        self._progress = ProgressFile(errand)
        self._errors: dict[bytes, int] = {}
        reports = {} if self.paced else {"delivery.report.only.error": True}
        self._producer = Producer(
            configuration(settings, paced=self.paced) | reports | {"on_delivery": self._failed}
        )

    def stop(self, _number: int, _frame: FrameType | None) -> None:
        """Sends no more; what is under way still gets its answer."""
        self._stopping = True

    def run(self) -> None:
        """Sends everything, waits for the answers, writes the record."""
        gc.disable()
        counts = self._send_paced() if self.paced else self._send_flat_out()
        self._progress.report(self._count, done=True, **counts)

    def _send_flat_out(self) -> dict[str, int]:
        """No report a record but of errors: none, and nothing left to flush, is the proof."""
        provisional = self._out.with_name(f"{self._out.name}.provisional")
        clock, poll = time.monotonic_ns, self._producer.poll
        with closing(SentWriter(provisional)) as writer:
            for records in pieces(self._folder):
                times = array("q")
                for _, key, value, _ in records:
                    self._produce(value, key)
                    times.append(clock())
                    if not len(times) % 1000:
                        poll(0)
                        self._progress.report(self._count + len(times))
                        if self._stopping:
                            break
                self._note(writer, np.array(times, dtype=np.int64))
                if self._stopping:
                    break
        left = self._flush(5.0 if self._stopping else 150.0)
        if not left and not self._errors:
            provisional.replace(self._out)
            return writer.counts
        with closing(SentWriter(self._out)) as writer:
            others = UNKNOWN if left else ACKNOWLEDGED
            for rows in decided(provisional, self._fates(), others=others):
                writer.add(**rows)  # type: ignore[arg-type]
        return writer.counts

    def _note(self, writer: SentWriter, sent_ns: Times) -> None:
        """Notes a piece as acknowledged, which it is when no error comes after all."""
        count = len(sent_ns)
        writer.add(
            seq=np.arange(self._count, self._count + count),
            intended_ns=sent_ns,
            sent_ns=sent_ns,
            acked_ns=np.zeros(count, dtype=np.int64),
            fates=np.full(count, ACKNOWLEDGED, dtype=np.int8),
        )
        self._count += count

    def _fates(self) -> dict[int, int]:
        """By seq, what became of the records that had an error: they are found by their value."""
        return {
            seq: self._errors[value]
            for records in pieces(self._folder)
            for seq, _, value, _ in records
            if value in self._errors
        }

    def _send_paced(self) -> dict[str, int]:
        """Each at its time, with a report each; late ones follow at once, none is left out."""
        times = np.zeros((3, self._total), dtype=np.int64)
        fates = np.full(self._total, UNKNOWN, dtype=np.int8)
        self._progress.watch(times)
        begin_ns = time.monotonic_ns() + REPORT_NS
        records = chain.from_iterable(pieces(self._folder, most=PACED_PIECE))
        for seq, key, value, offset_ns in records:
            due_ns = begin_ns + offset_ns
            self._wait_until(due_ns)
            times[:2, seq] = due_ns, time.monotonic_ns()
            self._count = seq + 1
            self._produce(value, key, _reported(seq, times, fates))
            self._progress.report(self._count)
            if self._stopping:
                break
        self._flush(5.0 if self._stopping else 150.0)
        intended_ns, sent_ns, acked_ns = times[:, : self._count]
        with closing(SentWriter(self._out)) as writer:
            writer.add(
                seq=np.arange(self._count),
                intended_ns=intended_ns,
                sent_ns=sent_ns,
                acked_ns=acked_ns,
                fates=fates[: self._count],
            )
        return writer.counts

    def _wait_until(self, due_ns: int) -> None:
        """Serves reports until shortly before the time, then sleeps, then spins."""
        self._producer.poll(0)
        while (wait_ns := due_ns - time.monotonic_ns()) > 0:
            if wait_ns > POLL_NS:
                self._producer.poll((wait_ns - POLL_NS) / 1e9)
            elif wait_ns > SPIN_NS:
                time.sleep((wait_ns - SPIN_NS) / 1e9)

    def _produce(self, value: bytes, key: bytes, report: Report | None = None) -> None:
        """Hands a record to the client; waits where its queue is full."""
        options = self._options if report is None else self._options | {"on_delivery": report}
        while True:
            try:
                self._producer.produce(self._topic, value, key, **options)
            except BufferError:
                self._producer.poll(0.05)
            except KafkaException as error:  # said at once, such as of a record that is too large
                if report:
                    report(error.args[0], None)
                else:
                    self._errors[value] = fate(error.args[0])
                return
            else:
                return

    def _failed(self, error: KafkaError | None, message: Message) -> None:
        """Notes an error of a load without reports: the record is found again by its value."""
        if error is not None:
            self._errors[message.value() or b""] = fate(error)

    def _flush(self, timeout_s: float) -> int:
        """How many records have no answer when Kafka was waited for."""
        limit_s = time.monotonic() + timeout_s
        left = len(self._producer)
        while left and time.monotonic() < limit_s:
            left = self._producer.flush(0.2)
        return left


def _reported(seq: int, times: Times, fates: Fates) -> Report:
    def report(error: KafkaError | None, _message: Message | None) -> None:
        times[2, seq] = time.monotonic_ns()
        fates[seq] = fate(error)

    return report


def configuration(settings: Settings, *, paced: bool) -> dict[str, Any]:
    """How records are written: one by one at their times, or as fast as it goes."""
    return {
        **settings.kafka_client,
        "acks": "all",
        "enable.idempotence": True,
        "compression.type": "lz4",
        "partitioner": "murmur2_random",
        "message.timeout.ms": 120_000,
        "linger.ms": 0 if paced else 20,
        "queue.buffering.max.messages": 500_000,
        "queue.buffering.max.kbytes": 98_304,
    }


def main() -> None:
    """Reads the arguments and sends."""
    try:
        sender = Sender(Settings.of_process(), Errand.of_arguments("eureke.world.sender"))
        signal.signal(signal.SIGTERM, sender.stop)
        signal.signal(signal.SIGINT, sender.stop)
        sender.run()
        # All is done: a stop that comes while the interpreter ends must not look like a failure.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    except EurekeError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
