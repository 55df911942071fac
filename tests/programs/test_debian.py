"""Packages of Debian and Ubuntu, unpacked without root."""

from collections.abc import Callable
from pathlib import Path

import pytest

from eureke.errors import ProgramMissing
from eureke.programs import debian


def test_on_another_system_the_remedy_is_its_own_package(
    tmp_path: Path, bare_path: Callable[[str, str], None]
) -> None:
    """Without apt-get there is nothing to try."""
    with pytest.raises(ProgramMissing, match="apt-get and dpkg are not on PATH") as raised:
        debian.fetch(["redis-server"], tmp_path / "target")
    assert raised.value.remedy == "install it by your system's means"


def test_a_package_manager_that_fails_is_quoted(
    tmp_path: Path, bare_path: Callable[[str, str], None]
) -> None:
    """The reader sees the reason that apt gave, not a code."""
    bare_path("dpkg", "")
    bare_path("apt-get", "")
    (tmp_path / "bin" / "apt-get").write_text("#!/bin/sh\necho 'E: no such host' >&2\nexit 100\n")
    with pytest.raises(ProgramMissing, match="E: no such host"):
        debian.fetch(["redis-server"], tmp_path / "target")
    assert not (tmp_path / "target").exists()
