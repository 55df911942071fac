"""What is true of processes only: the image of a container prepares itself."""

from pathlib import Path

import pytest

from eureke.errors import ServiceFailed
from eureke.stack import catalogue
from eureke.stack.service import Service
from eureke.stack.stack import Stack


def test_first_command_fails(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that cannot be prepared fails with what the preparation said."""
    unprepared = Service(
        name="unprepared",
        side="system",
        first=(("$python", "-c", "raise SystemExit('this disk cannot be formatted')"),),
        command=("$python", "-c", "print('started all the same')"),
        probe="file",
    )
    monkeypatch.setattr(catalogue, "INFRASTRUCTURE", (*catalogue.INFRASTRUCTURE, unprepared))
    with pytest.raises(ServiceFailed, match="this disk cannot be formatted") as caught:
        Stack.start(only=("unprepared",))
    assert "started all the same" not in caught.value.what
