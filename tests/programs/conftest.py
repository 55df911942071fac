"""Caches of a test's own, damage, and fetches that a machine without a network may skip."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from eureke.errors import ProgramMissing
from eureke.programs import kafka, runtime, sought
from eureke.programs.program import cache as programs_cache

Network = Callable[[], AbstractContextManager[None]]
Flip = Callable[[Path], None]
StandIn = Callable[[str, str], None]

NOBODY_LISTENS = "http://127.0.0.1:9"


def _forget() -> None:
    """Lets the next question look at the machine again."""
    runtime.java.cache_clear()
    sought.forget()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache; what was found before is forgotten, before and after."""
    monkeypatch.setenv("EUREKE_CACHE", str(tmp_path / "cache"))
    _forget()
    yield tmp_path / "cache"
    _forget()


@pytest.fixture
def jars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the jars that set-up fetched, to be damaged."""
    copy = tmp_path / "cache" / kafka.folder().name
    shutil.copytree(kafka.folder(), copy)
    monkeypatch.setenv("EUREKE_CACHE", str(tmp_path / "cache"))
    return copy


@pytest.fixture
def whole_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of all that set-up fetched."""
    copy = tmp_path / "cache"
    shutil.copytree(programs_cache(), copy, symlinks=True)
    monkeypatch.setenv("EUREKE_CACHE", str(copy))
    return copy


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every fetch by this process or its children fails at once."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, NOBODY_LISTENS)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_NO_INDEX", "1")


@pytest.fixture
def network() -> Network:
    """Skips where a fetch fails, but for CI, where that is a failure."""

    @contextmanager
    def needed() -> Iterator[None]:
        try:
            yield
        except ProgramMissing as error:
            if os.environ.get("CI") == "true":
                raise
            pytest.skip(f"needs a network: {error}")

    return needed


@pytest.fixture
def bare_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """PATH is one empty folder and there is no JAVA_HOME; puts programs there that say a line."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(sought, "SYSTEM_FOLDERS", "")
    monkeypatch.delenv("JAVA_HOME", raising=False)

    def put(name: str, output: str) -> None:
        (folder / name).write_text(f"#!/bin/sh\necho '{output}'\n")
        (folder / name).chmod(0o755)

    return put


@pytest.fixture
def flip() -> Flip:
    """Changes one byte in the middle of a file, and nothing else about it."""

    def flipped(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 0xFF
        path.write_bytes(content)

    return flipped
