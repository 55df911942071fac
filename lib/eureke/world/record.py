"""The provider's own record: a line for each request that had an effect."""

from pathlib import Path
from typing import BinaryIO

import msgspec


class Effects(msgspec.Struct, frozen=True):
    """What one request did: ids sent now, and ids whose key had been taken before."""

    t_ns: int
    channel: str
    effects: list[str]
    repeats: list[str]


class Record:
    """An append-only NDJSON file."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("ab")
        self._encode = msgspec.json.Encoder().encode

    def add(self, effects: Effects) -> None:
        """Notes what a request did."""
        self._file.write(self._encode(effects) + b"\n")

    def flush(self) -> None:
        """Hands everything to the operating system."""
        self._file.flush()

    def close(self) -> None:
        """Flushes and ends the record."""
        self._file.close()


class Keys:
    """Idempotency keys in bounded memory: two generations that take turns."""

    def __init__(self, most: int) -> None:
        self._half = max(1, most // 2)
        self._newer: set[str] = set()
        self._older: set[str] = set()

    def take(self, key: str) -> bool:
        """Whether the key was not taken before."""
        if key in self._newer or key in self._older:
            return False
        self._newer.add(key)
        if len(self._newer) >= self._half:
            self._older, self._newer = self._newer, set()
        return True
