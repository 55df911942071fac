"""Versions, tries and the lock that the fetched programs share."""

import threading
from pathlib import Path

import pytest

from eureke.errors import ProgramMissing
from eureke.programs.program import TRIES, at_least, locked, retried


def test_versions_are_compared_by_number() -> None:
    """Text would put 10 before 6, and a program that says no version must not pass."""
    assert at_least("10.0.1", (6, 2))
    assert at_least("6.2", (6, 2))
    assert not at_least("6.0.16", (6, 2))
    assert not at_least("", (6, 2))


def test_what_fails_for_a_while_is_tried_again_and_then_told() -> None:
    """Each try is announced; the last failure is the caller's."""
    said: list[str] = []

    def fail() -> None:
        raise ProgramMissing("the network is away", remedy="wait")

    with pytest.raises(ProgramMissing, match="the network is away"):
        retried(fail, say=said.append, pause_s=0)
    assert len(said) == TRIES - 1


def test_a_second_set_up_says_that_it_waits_and_then_goes_on(cache: Path) -> None:
    """Two at once on one checkout follow one another."""
    waits, order = threading.Event(), []

    def second() -> None:
        with locked(lambda _line: waits.set()):
            order.append("second")

    with locked(lambda _line: None):
        thread = threading.Thread(target=second)
        thread.start()
        assert waits.wait(timeout=15)
        order.append("first")
    thread.join(timeout=15)
    assert order == ["first", "second"]


def test_a_cache_that_cannot_be_written_is_told_with_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here a file is in its place; a folder of another account is alike."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("EUREKE_CACHE", str(tmp_path / "file"))
    with (
        pytest.raises(ProgramMissing, match="cannot be written") as raised,
        locked(lambda _line: None),
    ):
        pytest.fail("the lock was given")
    assert "EUREKE_CACHE" in raised.value.remedy
