"""One's own notifications: NDJSON with an object a line, or a table as CSV or Parquet.

The columns of a table are the fields of a notification; `data` is a JSON object in one column.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from eureke.errors import LoadFailed
from eureke.notification import Notification
from eureke.world.load import Made

SHOWN: Final = 20
"""Bad lines that are printed; all of them are in bad-lines.ndjson."""
FIELDS: Final = Notification.__struct_fields__
Row = tuple[int, bytes, Notification | str]
"""Number, the record's value, and the notification in it or why it is none."""


class BadLine(msgspec.Struct, frozen=True):
    """A line or row that is no notification, and why."""

    line: int
    reason: str


def read_input(path: Path, folder: Path) -> Iterator[Made]:
    """The notifications of a file; bad lines are reported, counted and left out.

    Raises:
        LoadFailed: the file is missing, of another form, or has not one good line.
    """
    rows = {".csv": _csv, ".parquet": _parquet}.get(path.suffix.lower(), _ndjson)(path)
    folder.mkdir(parents=True, exist_ok=True)
    seen: set[str] = set()
    bad = 0
    with (folder / "bad-lines.ndjson").open("wb") as report:
        for number, value, found in rows:
            if isinstance(found, str):
                bad += 1
                report.write(msgspec.json.encode(BadLine(number, found)) + b"\n")
                if bad <= SHOWN:
                    print(f"{path.name}, line {number} left out: {found}")
                continue
            yield Made(found.id, str(found.user_id), value, _expected(found, seen))
            seen.add(found.id)
    if bad:
        print(f"{path.name}: {bad} bad lines left out, see {folder / 'bad-lines.ndjson'}")
    if not seen:
        raise LoadFailed(
            f"{path} has no line that is a notification ({bad} that are not)",
            remedy=f"each needs {', '.join(FIELDS)}; give NDJSON with an object a line, or a table "
            "in a file named .csv or .parquet",
        )


def _ndjson(path: Path) -> Iterator[Row]:
    decode = msgspec.json.Decoder(Notification).decode
    try:
        lines = path.open("rb")
    except OSError as error:
        raise _unreadable(path, error.strerror or "") from error
    with lines:
        for number, line in enumerate(lines, start=1):
            value = line.strip()
            if not value:
                continue
            try:
                yield number, value, decode(value)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                yield number, value, str(error)


def _csv(path: Path) -> Iterator[Row]:
    # Everything as text: what is a number is decided by the notification, not by the first rows.
    as_text = pa_csv.ConvertOptions(column_types=dict.fromkeys(FIELDS, pa.string()))
    try:
        with pa_csv.open_csv(path, convert_options=as_text) as batches:
            yield from _table(path, batches, begin=2)  # the first line names the columns
    except (OSError, pa.ArrowException) as error:
        raise _unreadable(path, str(error)) from error


def _parquet(path: Path) -> Iterator[Row]:
    try:
        with pq.ParquetFile(path) as file:
            yield from _table(path, file.iter_batches(), begin=1)
    except (OSError, pa.ArrowException) as error:
        raise _unreadable(path, str(error)) from error


def _table(path: Path, batches: Any, *, begin: int) -> Iterator[Row]:
    number = begin
    for batch in batches:
        missing = [name for name in FIELDS if name not in batch.schema.names]
        if missing:
            raise LoadFailed(
                f"the table {path} lacks the columns {', '.join(missing)}",
                remedy=f"its columns are: {', '.join(FIELDS)}",
            )
        for row in batch.select(list(FIELDS)).to_pylist():
            yield _converted(number, row)
            number += 1


def _converted(number: int, row: dict[str, Any]) -> Row:
    try:
        data = row["data"]
        if isinstance(data, str):
            row["data"] = msgspec.json.decode(data)
        elif isinstance(data, list):  # a map column of Parquet
            row["data"] = dict(data)
        notification = msgspec.convert(row, Notification, strict=False)
    except (msgspec.MsgspecError, TypeError, ValueError) as error:
        return number, b"", str(error)
    return number, msgspec.json.encode(notification), notification


def _unreadable(path: Path, why: str) -> LoadFailed:
    return LoadFailed(
        f"the input file {path} cannot be read: {why}",
        remedy="give the path of a file of notifications: NDJSON, .csv or .parquet",
    )


def _expected(notification: Notification, seen: set[str]) -> str:
    if notification.id in seen:
        return "duplicate"
    if notification.expires_ns <= notification.created_ns:
        return "expired"
    if notification.data.get("to", "").endswith(".invalid"):
        return "rejected"
    return "delivered"
