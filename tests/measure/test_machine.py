"""The machine's fingerprint."""

import os
import subprocess
from dataclasses import asdict
from pathlib import Path

import msgspec
import psutil
import pytest

from eureke.measure.machine import fingerprint
from eureke.settings import KAFKA_VERSION


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    command = ["git", *identity, *arguments]
    return subprocess.run(
        command, cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def test_it_names_what_makes_runs_comparable() -> None:
    """Processor, memory, system, and each version that a number depends on."""
    machine = fingerprint()
    assert machine.processor
    assert 0 < machine.cores_usable <= machine.cores == os.cpu_count()
    assert machine.memory_gib == pytest.approx(psutil.virtual_memory().total / 2**30, abs=0.1)
    assert machine.versions["kafka"] == KAFKA_VERSION
    assert {"eureke", "celery", "confluent-kafka", "librdkafka"} <= set(machine.versions)
    assert all(machine.versions.values())


def test_it_goes_into_a_file_and_comes_back() -> None:
    """A result keeps it as JSON."""
    told = asdict(fingerprint())
    assert msgspec.json.decode(msgspec.json.encode(told)) == told


def test_outside_a_checkout_there_is_no_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None is not the same as clean."""
    monkeypatch.setenv("EUREKE_HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    machine = fingerprint()
    assert (machine.commit, machine.dirty) == (None, None)


def test_a_checkout_has_its_commit_and_says_when_it_was_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A result of changed code cannot be made again from its commit."""
    monkeypatch.setenv("EUREKE_HOME", str(tmp_path))
    git(tmp_path, "init", "--quiet")
    (tmp_path / "code.py").write_text("one")
    git(tmp_path, "add", "code.py")
    git(tmp_path, "commit", "--quiet", "--message=one")
    clean = fingerprint()
    (tmp_path / "code.py").write_text("two")
    changed = fingerprint()
    assert clean.commit == changed.commit == git(tmp_path, "rev-parse", "HEAD")
    assert (clean.dirty, changed.dirty) == (False, True)
