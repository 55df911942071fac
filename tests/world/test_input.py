"""One's own notifications: three forms, one outcome."""

from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from eureke.errors import LoadFailed
from eureke.notification import Notification
from eureke.world.input import FIELDS, read_input
from eureke.world.load import Made

NOTIFICATIONS = [
    Notification("a", 1, "email", "bulk", "hello", {"to": "a@example.com"}, 1, 2),
    Notification("b", 2, "sms", "urgent", "commas, and \"quotes\"", {"to": "x@gone.invalid"}, 1, 2),
    Notification("a", 1, "email", "bulk", "hello", {}, 1, 2),
    Notification("c", 3, "push", "bulk", "ünïcode", {}, 2, 2),
]  # fmt: skip
EXPECTED = ["delivered", "rejected", "duplicate", "expired"]


def columns(**other: Any) -> dict[str, Any]:
    rows = [msgspec.to_builtins(each) for each in NOTIFICATIONS]
    table = {name: [row[name] for row in rows] for name in FIELDS}
    return table | {"data": [msgspec.json.encode(each).decode() for each in table["data"]]} | other


def written(path: Path, table: dict[str, Any]) -> Path:
    if path.suffix == ".csv":
        pa_csv.write_csv(pa.table(table), path)
    else:
        pq.write_table(pa.table(table), path)
    return path


def made(path: Path) -> list[Made]:
    return list(read_input(path, path.parent / "load"))


@pytest.mark.parametrize("name", ["mine.csv", "mine.parquet", "MINE.CSV"])
def test_a_table_is_read_like_lines_of_json(tmp_path: Path, name: str) -> None:
    """The same values and the same expectations."""
    lines = tmp_path / "mine.ndjson"
    lines.write_bytes(b"\n".join(msgspec.json.encode(each) for each in NOTIFICATIONS))
    path = tmp_path / name.lower()
    written(path, columns()).rename(tmp_path / name)
    found = made(tmp_path / name)
    assert found == made(lines)
    assert [each.expected for each in found] == EXPECTED
    assert [msgspec.json.decode(each.value, type=Notification) for each in found] == NOTIFICATIONS


def test_parquet_may_hold_data_as_a_map_or_a_struct(tmp_path: Path) -> None:
    """As other tools write it."""
    kind = pa.map_(pa.string(), pa.string())
    as_map = pa.array([list(each.data.items()) for each in NOTIFICATIONS], kind)
    found = made(written(tmp_path / "mine.parquet", columns(data=as_map)))
    assert [msgspec.json.decode(each.value, type=Notification) for each in found] == NOTIFICATIONS


@pytest.mark.parametrize("name", ["mine.csv", "mine.parquet"])
def test_rows_that_are_no_notifications_are_told_by_number(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the rest goes on."""
    table = columns(channel=["email", "fax", "email", "push"])
    path = written(tmp_path / name, table)
    assert [each.id for each in made(path)] == ["a", "a", "c"]
    number = 3 if name.endswith("csv") else 2
    assert f"{name}, line {number} left out" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["mine.csv", "mine.parquet"])
def test_a_table_with_other_columns_is_told(tmp_path: Path, name: str) -> None:
    """Which are missing, and which there should be."""
    table = columns()
    del table["user_id"], table["expires_ns"]
    with pytest.raises(LoadFailed, match="lacks the columns user_id, expires_ns") as told:
        made(written(tmp_path / name, table))
    assert "created_ns" in told.value.remedy


@pytest.mark.parametrize("name", ["mine.csv", "mine.parquet", "mine.ndjson"])
def test_a_missing_or_damaged_file_is_told(tmp_path: Path, name: str) -> None:
    """By name, with the forms there are."""
    path = tmp_path / name
    with pytest.raises(LoadFailed, match=f"{name} cannot be read"):
        made(path)
    path.write_bytes(b"\x00\x01PAR")
    with pytest.raises(LoadFailed, match=name) as told:
        made(path)
    assert ".parquet" in told.value.remedy or "columns" in told.value.remedy
