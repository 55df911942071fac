"""The lock of Kafka's jars is what the resolver finds."""

from pathlib import Path

import pytest

from eureke.programs import kafka, kafka_lock


@pytest.mark.soak
def test_the_lock_is_what_jgo_resolves(tmp_path: Path) -> None:
    """Nobody edited the lock by hand, and no coordinate moved under its name."""
    assert kafka_lock.resolve(tmp_path) == kafka.lock()
