"""The sender's own record: a row for each record of a load that was sent, and its fate.

Columns: seq, intended_ns, sent_ns, acked_ns (0 where no report was asked for) and status.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from confluent_kafka import KafkaError

from eureke.world.errand import Errand
from eureke.world.sender_metrics import SenderMetrics

ACKNOWLEDGED, REFUSED, UNKNOWN = range(3)
STATUSES: Final = ("acknowledged", "refused", "unknown")
NEVER_STORED: Final = frozenset({KafkaError.MSG_SIZE_TOO_LARGE})
"""Errors that say for certain that Kafka has no such record; all others leave it open."""
SCHEMA: Final = pa.schema(
    [
        *((name, pa.int64()) for name in ("seq", "intended_ns", "sent_ns", "acked_ns")),
        ("status", pa.dictionary(pa.int8(), pa.string())),
    ]
)
REPORT_NS: Final = 200_000_000
Times = npt.NDArray[np.int64]
Fates = npt.NDArray[np.int8]


def fate(error: KafkaError | None) -> int:
    """What is known of a record by its delivery report."""
    if error is None:
        return ACKNOWLEDGED
    return REFUSED if error.code() in NEVER_STORED else UNKNOWN


class ProgressFile:
    """How far a sender is, for whoever watches: a file beside its record, and its metrics."""

    def __init__(self, errand: Errand) -> None:
        self._path = errand.out.with_name(f"{errand.out.name}.progress")
        self._metrics = SenderMetrics(errand)
        self._next_ns = 0
        self._times: Times = np.zeros((2, 0), dtype=np.int64)
        self._lags_told = 0

    def watch(self, times: Times) -> None:
        """Tells from now on how late records are: a row of intended and a row of sent times."""
        self._times = times

    def report(self, sent: int, *, done: bool = False, **state: int) -> None:
        """Says how far it is, five times a second."""
        now_ns = time.monotonic_ns()
        if now_ns < self._next_ns and not done:
            return
        self._next_ns = now_ns + REPORT_NS
        partial = self._path.with_suffix(".partial")
        partial.write_bytes(msgspec.json.encode({"sent": sent, **state, "done": done}))
        partial.replace(self._path)
        intended_ns, sent_ns = self._times[:2, self._lags_told : sent]
        self._lags_told = sent
        for late_ns in (sent_ns - intended_ns).tolist():
            self._metrics.late(late_ns / 1e9)
        self._metrics.write(sent, {name: state[name] for name in STATUSES if name in state})


class SentWriter:
    """Writes rows a piece at a time, so that the size of a load does not matter to memory."""

    def __init__(self, path: Path) -> None:
        self._file = pq.ParquetWriter(path, SCHEMA)
        self.counts = dict.fromkeys(STATUSES, 0)
        """How many there are of each fate."""

    def close(self) -> None:
        """Ends the file."""
        self._file.close()

    def add(
        self, *, seq: Times, intended_ns: Times, sent_ns: Times, acked_ns: Times, fates: Fates
    ) -> None:
        """Writes rows."""
        status = pa.DictionaryArray.from_arrays(pa.array(fates, pa.int8()), pa.array(STATUSES))
        columns = [*map(pa.array, (seq, intended_ns, sent_ns, acked_ns)), status]
        self._file.write_table(pa.Table.from_arrays(columns, schema=SCHEMA))
        for at, name in enumerate(STATUSES):
            self.counts[name] += int((fates == at).sum())


def decided(provisional: Path, fates: dict[int, int], *, others: int) -> Iterator[dict[str, Times]]:
    """The rows of a record that was written before the fates were known, with them.

    Args:
        provisional: the record; it is removed at the end.
        fates: by seq, where it is known.
        others: the fate of all others.
    """
    with pq.ParquetFile(provisional) as file:
        for rows in file.iter_batches():
            found = {name: rows[name].to_numpy() for name in SCHEMA.names[:-1]}
            of = np.full(len(rows), others, dtype=np.int8)
            for at in np.flatnonzero(np.isin(found["seq"], list(fates))):
                of[at] = fates[int(found["seq"][at])]
            yield found | {"fates": of}
    provisional.unlink()
