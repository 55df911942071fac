"""Kafka's jars: whole, exactly those of the lock, and repeated when damaged."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from eureke.errors import ProgramMissing
from eureke.programs import kafka
from eureke.settings import KAFKA_VERSION

SMALL = "org.slf4j:slf4j-api:1.7.36"


def test_the_lock_names_the_broker_of_the_settings() -> None:
    """The version in settings.py and the jars that are fetched cannot drift apart."""
    assert f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}" in kafka.lock()
    others = [each for each in kafka.lock() if each.startswith("org.apache.kafka:")]
    assert {each.split(":")[2] for each in others} == {KAFKA_VERSION}


def test_what_set_up_fetched_is_whole() -> None:
    """Every jar of this checkout is the one in the lock, byte for byte."""
    assert kafka.broken() == []


def test_a_damaged_jar_is_found_and_fetched_again(
    jars: Path, flip: Callable[[Path], None], network: Callable[[], AbstractContextManager[None]]
) -> None:
    """One changed byte is enough; only that jar is fetched."""
    flip(kafka.jar(SMALL))
    assert kafka.broken() == [SMALL]
    said: list[str] = []
    with network():
        kafka.fetch(said.append)
    assert kafka.broken() == []
    assert said == [f"Kafka {KAFKA_VERSION}: 1 of {len(kafka.lock())} jars to fetch"]


def test_without_a_network_a_missing_jar_is_named_with_its_remedy(
    jars: Path, no_network: None
) -> None:
    """After a few tries the error says which jar, and that what is there is kept."""
    kafka.jar(SMALL).unlink()
    with pytest.raises(ProgramMissing, match=SMALL) as raised:
        kafka.fetch(lambda _line: None)
    assert "make setup" in raised.value.remedy
    assert kafka.broken() == [SMALL]


def test_a_missing_jar_is_told_before_a_broker_starts(jars: Path) -> None:
    """A broker without one of its jars would fail later, and less clearly."""
    kafka.jar(SMALL).unlink()
    with pytest.raises(ProgramMissing, match="1 of Kafka's"):
        kafka.kafka_classpath()


def test_a_jar_that_is_not_in_the_lock_does_not_get_onto_the_classpath(jars: Path) -> None:
    """The classpath is the whole folder: what an earlier version left there is removed."""
    stranger = jars / "log4j-core-1.0.jar"
    stranger.write_bytes(b"")
    kafka.fetch(lambda _line: None)
    assert not stranger.exists()
