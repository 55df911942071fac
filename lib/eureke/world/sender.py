"""The sender: `python -m eureke.world.sender --load FOLDER --lane NAME --out FILE [--tag TAG]`.

Sends each record of a load when it is meant to be sent, never waiting for an answer (open loop),
and keeps its own record of what Kafka said: acknowledged, refused (never sent) or unknown.
"""

import argparse
import gc
import signal
import sys
import time
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from confluent_kafka import KafkaError, Message, Producer

from eureke.errors import EurekeError, LoadFailed
from eureke.notification import TAG_HEADER
from eureke.settings import Settings
from eureke.world.load import rows

UNSENT, ACKNOWLEDGED, REFUSED, UNKNOWN, UNDECIDED = range(5)
STATUSES: Final = ("unsent", "acknowledged", "refused", "unknown")
REPORT_NS: Final = 200_000_000
POLL_NS: Final = 1_500_000
"""Time enough to serve reports until so long before a send."""
SPIN_NS: Final = 300_000
"""A sleep ends late by so much; the rest is spun away."""
NEVER_STORED: Final = frozenset({KafkaError.MSG_SIZE_TOO_LARGE})
"""Errors that say for certain that Kafka has no such record; all others leave it open."""
PIECE: Final = 100_000
"""Records read at once: a file mapped whole would count as memory of this process."""
Times = npt.NDArray[np.int64]
Report = Callable[[KafkaError | None, Message], None]


class Sender:
    """Sends a load and remembers each record's times and fate."""

    def __init__(
        self, settings: Settings, folder: Path, out: Path, *, lane: str, tag: str = ""
    ) -> None:
        self._topic = settings.lane(lane).topic
        self._folder = folder
        self._out = out
        self._options: dict[str, Any] = {"headers": [(TAG_HEADER, tag.encode())]} if tag else {}
        try:
            table = pa.Table.from_batches(rows(folder)).select(["key", "length", "offset_ns"])
        except (OSError, pa.ArrowInvalid) as error:
            raise LoadFailed(
                f"the load in {folder} cannot be read: {error}", remedy="prepare it again"
            ) from error
        self._keys = table["key"]
        self._lengths = table["length"]
        self._offsets_ns: Times = table["offset_ns"].to_numpy()
        self.paced = bool(self._offsets_ns.any())
        self._sent_ns = np.zeros(len(table), dtype=np.int64)
        self._acked_ns = np.zeros(len(table), dtype=np.int64)
        self._status = np.zeros(len(table), dtype=np.int8)
        self._count = 0
        self._stopping = False
        self._next_report_ns = 0
        self._begin_ns = 0
        self._errors: dict[bytes, int] = {}
        reports = {} if self.paced else {"delivery.report.only.error": True}
        self._producer = Producer(
            _configuration(settings, paced=self.paced) | reports | {"on_delivery": self._failed}
        )

    def stop(self, _number: int, _frame: FrameType | None) -> None:
        """Sends no more; what is under way still gets its answer."""
        self._stopping = True

    def run(self) -> None:
        """Sends everything, waits for the answers, writes the record."""
        self._begin_ns = time.monotonic_ns()
        gc.disable()
        (self._send_paced if self.paced else self._send_flat_out)()
        self._decide(self._flush(5.0 if self._stopping else 150.0))
        self._write()
        self._report(done=True)

    def _records(self) -> Iterator[tuple[int, bytes, bytes]]:
        """Seq, key and value of each record, a piece of the load at a time."""
        with (self._folder / "values.bin").open("rb") as file:
            for first in range(0, len(self._keys), PIECE):
                keys = self._keys[first : first + PIECE].to_pylist()
                lengths = self._lengths[first : first + PIECE].to_pylist()
                values = file.read(sum(lengths))
                start = 0
                for seq, (key, length) in enumerate(zip(keys, lengths, strict=True), start=first):
                    yield seq, key.encode(), values[start : start + length]
                    start += length

    def _send_flat_out(self) -> None:
        """No report a record but of errors: none, and nothing left to flush, is the proof."""
        sent_ns, clock = array("q"), time.monotonic_ns
        for seq, key, value in self._records():
            self._produce(value, key)
            sent_ns.append(clock())
            if seq % 1000 == 0:
                self._producer.poll(0)
                self._count = seq + 1
                self._report()
                if self._stopping:
                    break
        self._count = len(sent_ns)
        self._sent_ns[: self._count] = sent_ns
        self._status[: self._count] = UNDECIDED

    def _send_paced(self) -> None:
        """Each at its time, with a report each; late ones follow at once, none is left out."""
        clock, begin_ns = time.monotonic_ns, self._begin_ns + REPORT_NS
        self._begin_ns = begin_ns
        for seq, key, value in self._records():
            due_ns = begin_ns + int(self._offsets_ns[seq])
            self._producer.poll(0)
            while (wait_ns := due_ns - clock()) > 0:
                if wait_ns > POLL_NS:
                    self._producer.poll((wait_ns - POLL_NS) / 1e9)
                elif wait_ns > SPIN_NS:
                    time.sleep((wait_ns - SPIN_NS) / 1e9)
            self._status[seq] = UNDECIDED
            self._sent_ns[seq] = clock()
            self._count = seq + 1
            self._produce(value, key, self._reported(seq))
            self._report()
            if self._stopping:
                return

    def _produce(self, value: bytes, key: bytes, report: Report | None = None) -> None:
        """Hands a record to the client; waits where its queue is full."""
        options = self._options if report is None else self._options | {"on_delivery": report}
        while True:
            try:
                self._producer.produce(self._topic, value, key, **options)
            except BufferError:
                self._producer.poll(0.05)
                self._report()
            else:
                return

    def _reported(self, seq: int) -> Report:
        def report(error: KafkaError | None, _message: Message) -> None:
            self._acked_ns[seq] = time.monotonic_ns()
            self._status[seq] = fate(error)

        return report

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
            self._report()
        return left

    def _decide(self, left: int) -> None:
        """Gives every record its fate that has none yet."""
        undecided = self._status == UNDECIDED
        self._status[undecided] = UNKNOWN if self.paced or left else ACKNOWLEDGED
        if self._errors:
            for seq, _, value in self._records():
                if value in self._errors and self._status[seq] != UNSENT:
                    self._status[seq] = self._errors[value]

    def _write(self) -> None:
        sent = self._status != UNSENT
        seq = np.flatnonzero(sent)
        intended_ns = self._begin_ns + self._offsets_ns if self.paced else self._sent_ns
        table = pa.table(
            {
                "seq": seq,
                "intended_ns": intended_ns[sent],
                "sent_ns": self._sent_ns[sent],
                "acked_ns": self._acked_ns[sent],
                "status": pa.DictionaryArray.from_arrays(
                    pa.array(self._status[sent]), pa.array(STATUSES)
                ),
            }
        )
        pq.write_table(table, self._out)

    def _report(self, *, done: bool = False) -> None:
        """Says how far it is, five times a second."""
        now_ns = time.monotonic_ns()
        if now_ns < self._next_report_ns and not done:
            return
        self._next_report_ns = now_ns + REPORT_NS
        state: dict[str, Any] = {"sent": self._count, "done": done}
        if done:
            counts = np.bincount(self._status, minlength=UNDECIDED + 1)
            state |= {name: int(counts[at]) for at, name in enumerate(STATUSES)}
        path = self._out.with_name(f"{self._out.name}.progress")
        partial = path.with_suffix(".partial")
        partial.write_bytes(msgspec.json.encode(state))
        partial.replace(path)


def fate(error: KafkaError | None) -> int:
    """What is known of a record by its delivery report."""
    if error is None:
        return ACKNOWLEDGED
    return REFUSED if error.code() in NEVER_STORED else UNKNOWN


def _configuration(settings: Settings, *, paced: bool) -> dict[str, Any]:
    return {
        "bootstrap.servers": settings.kafka,
        "acks": "all",
        "enable.idempotence": True,
        "compression.type": "lz4",
        "partitioner": "murmur2_random",
        "message.timeout.ms": 120_000,
        "linger.ms": 0 if paced else 20,
        "queue.buffering.max.messages": 500_000,
        "queue.buffering.max.kbytes": 262_144,
    }


def main() -> None:
    """Reads the arguments and sends."""
    parser = argparse.ArgumentParser(prog="eureke.world.sender")
    parser.add_argument("--load", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--lane", required=True)
    parser.add_argument("--tag", default="")
    given = parser.parse_args()
    try:
        sender = Sender(
            Settings.of_process(), given.load, given.out, lane=given.lane, tag=given.tag
        )
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
