"""A load on disk: the records to send, and what should become of each.

`values.bin` holds all record values one after another; `load.parquet` has a row for each, in
the order of sending: seq, id (null where the record is malformed), key, start, length,
offset_ns (intended send time from the load's start) and expected.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from eureke.errors import LoadFailed

ROWS: Final = 100_000
PACED_PIECE: Final = 200
"""Records read at once where each has its time: more would make the next one late."""
PIECE: Final = 50_000
"""Records that are read at once where nobody waits for the next one."""
BYTES_EACH: Final = 400
"""What a record takes on disk, values and row together, rounded up."""
SCHEMA: Final = pa.schema(
    [
        ("seq", pa.int64()),
        ("id", pa.string()),
        ("key", pa.string()),
        ("start", pa.int64()),
        ("length", pa.int32()),
        ("offset_ns", pa.int64()),
        ("expected", pa.dictionary(pa.int8(), pa.string())),
    ]
)


@dataclass(frozen=True, slots=True)
class Made:
    """One record of a load."""

    id: str | None
    key: str
    value: bytes
    expected: str


class LoadWriter:
    """Writes a load in groups of rows, so that its size does not matter to memory."""

    def __init__(self, folder: Path) -> None:
        self._seq = 0
        self._start = 0
        self._rows: list[tuple[Any, ...]] = []
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._values = (folder / "values.bin").open("wb")
        except OSError as error:
            raise LoadFailed(
                f"the load cannot be written to {folder}: {error}",
                remedy="make the folder writable, or set EUREKE_HOME to one that is",
            ) from error
        self._table = pq.ParquetWriter(folder / "load.parquet", SCHEMA)

    def __enter__(self) -> "LoadWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._flush()
        self._table.close()
        self._values.close()

    @property
    def count(self) -> int:
        """How many records were added."""
        return self._seq

    def add(self, made: Made, offset_ns: int) -> None:
        """Adds a record."""
        length = len(made.value)
        self._values.write(made.value)
        self._rows.append(
            (self._seq, made.id, made.key, self._start, length, offset_ns, made.expected)
        )
        self._seq += 1
        self._start += length
        if len(self._rows) == ROWS:
            self._flush()

    def _flush(self) -> None:
        if not self._rows:
            return
        columns = [
            pa.array(column, type=kind.type)
            for column, kind in zip(zip(*self._rows, strict=True), SCHEMA, strict=True)
        ]
        self._table.write_table(pa.Table.from_arrays(columns, schema=SCHEMA))
        self._rows.clear()


Record = tuple[int, bytes, bytes, int]
"""Seq, key, value, and offset from the load's start in nanoseconds."""


def size(folder: Path) -> tuple[int, bool]:
    """How many records a load has, and whether their send times are fixed in advance.

    Raises:
        LoadFailed: it cannot be read.
    """
    try:
        with pq.ParquetFile(folder / "load.parquet") as file:
            if not file.metadata.num_rows:
                return 0, False
            last = file.read_row_group(file.num_row_groups - 1, columns=["offset_ns"])
            return file.metadata.num_rows, last["offset_ns"][-1].as_py() > 0
    except (OSError, pa.ArrowInvalid) as error:
        raise LoadFailed(
            f"the load in {folder} cannot be read: {error}", remedy="prepare it again"
        ) from error


def pieces(folder: Path, *, most: int = PIECE) -> Iterator[list[Record]]:
    """The records of a load, in the order of sending, at most so many at a time.

    Files mapped whole would count as memory of whoever reads them.
    """
    columns = ["seq", "key", "length", "offset_ns"]
    with (
        pq.ParquetFile(folder / "load.parquet") as table,
        (folder / "values.bin").open("rb") as file,
    ):
        for some in table.iter_batches(batch_size=most, columns=columns):
            rows = zip(*(some[name].to_pylist() for name in columns), strict=True)
            yield [
                (seq, key.encode(), file.read(length), offset_ns)
                for seq, key, length, offset_ns in rows
            ]


def check_space(folder: Path, *, count: int) -> None:
    """Raises LoadFailed where the disk has no room for a load of so many records."""
    place = folder
    while not place.exists():
        place = place.parent
    needed, free = count * BYTES_EACH, shutil.disk_usage(place).free
    if needed > free:
        raise LoadFailed(
            f"{count:,} notifications need {needed / 2**30:.1f} GiB of disk, {place} has "
            f"{free / 2**30:.1f} GiB",
            remedy="free some, ask for fewer with `-p count=…`, or set EUREKE_HOME elsewhere",
        )
