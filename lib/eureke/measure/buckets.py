"""Rows of the account's evidence on disk, as integers: those of one id in the same bucket."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

Keys = npt.NDArray[np.uint64]


class Buckets:
    """Files of rows, of which one bucket at a time is read."""

    DTYPES: Final[dict[str, list[tuple[str, str]]]] = {
        "sent": [("key", "u8"), ("expected", "i1"), ("status", "i1")],
        "log": [("key", "u8"), ("place", "i8"), ("good", "i1")],
        "outcomes": [("key", "u8"), ("place", "i8"), ("outcome", "i1")],
        "effects": [("key", "u8")],
    }

    def __init__(self, folder: Path, *, count: int) -> None:
        self._folder = folder
        self.count = count

    def add(self, table: str, **columns: Any) -> None:
        """Puts rows into the buckets of their keys."""
        rows = np.empty(len(columns["key"]), dtype=self.DTYPES[table])
        for name, values in columns.items():
            rows[name] = values
        buckets = rows["key"] % np.uint64(self.count)
        for bucket in range(self.count):
            with self._path(table, bucket).open("ab") as file:
                rows[buckets == bucket].tofile(file)

    def frames(self, bucket: int) -> dict[str, pd.DataFrame]:
        """All rows of one bucket, by table."""
        return {table: self._frame(table, bucket) for table in self.DTYPES}

    def _frame(self, table: str, bucket: int) -> pd.DataFrame:
        path = self._path(table, bucket)
        dtype = self.DTYPES[table]
        rows = np.fromfile(path, dtype=dtype) if path.exists() else np.empty(0, dtype=dtype)
        return pd.DataFrame({name: rows[name] for name, _ in dtype})

    def _path(self, table: str, bucket: int) -> Path:
        return self._folder / f"{table}-{bucket}"


def keys_of(ids: Sequence[str | None], places: Sequence[int] | None = None) -> Keys:
    """Hashes of the ids; a record without one is known by its place."""
    values = [each if each is not None else "" for each in ids]
    keys = pd.util.hash_array(np.array(values, dtype=object), categorize=False)
    if places is not None:
        missing = np.array([each is None for each in ids])
        if missing.any():
            keys[missing] = pd.util.hash_array(np.array(places, dtype=np.int64)[missing])
    return keys


def codes(values: Sequence[str], names: Sequence[str]) -> npt.NDArray[np.int8]:
    """The places of the values among the names."""
    number = {name: code for code, name in enumerate(names)}
    return np.array([number[value] for value in values], dtype=np.int8)
