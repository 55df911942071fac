"""Kafka's classes at hand: made once, for this Java and these jars, and nobody needs them."""

import subprocess
from pathlib import Path

import pytest

from eureke import programs
from eureke.errors import ProgramMissing
from eureke.programs import kafka, kafka_archive
from eureke.programs.kafka_archive import archive_option, make_archive


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache with the jars of this checkout, and nothing else."""
    if kafka.broken():
        pytest.skip("run `make setup` first")
    jars = kafka.folder()
    monkeypatch.setenv("EUREKE_CACHE", str(tmp_path))
    kafka.folder().symlink_to(jars)
    return tmp_path


def test_it_is_made_once_and_told_to_java(own_cache: Path) -> None:
    """By a broker that was started for it; a second time nothing is started."""
    said: list[str] = []
    assert archive_option() == ""
    make_archive(said.append)
    (made,) = own_cache.glob("kafka-*.jsa")
    assert archive_option() == f"-XX:SharedArchiveFile={made}"
    make_archive(said.append)
    assert len(said) == 1
    assert not list(own_cache.glob("kafka-archive-*")), "nothing else is left"


def test_where_it_cannot_be_made_that_is_said_and_all_goes_on(
    own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Java without it, a port that is taken: a broker starts without."""

    def fails(_work: Path) -> Path:
        raise ProgramMissing("this Java keeps no classes", remedy="none")

    said: list[str] = []
    monkeypatch.setattr(kafka_archive, "_made", fails)
    make_archive(said.append)
    assert "this Java keeps no classes" in said[-1]
    assert archive_option() == ""


def test_an_archive_of_other_jars_is_none_of_these(own_cache: Path) -> None:
    """It is replaced by one that fits."""
    (own_cache / "kafka-0123456789abcdef.jsa").write_bytes(b"of other jars")
    assert archive_option() == ""


def test_one_that_is_damaged_does_not_keep_java_from_starting(own_cache: Path) -> None:
    """Java looks at it, and does without."""
    path = kafka_archive._path()
    path.write_bytes(b"half of one")
    done = subprocess.run(
        [str(programs.java()), archive_option(), "-version"], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
