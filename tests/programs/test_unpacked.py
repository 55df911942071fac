"""Folders that take their place only once they are full, and show damage."""

from collections.abc import Callable
from pathlib import Path

import pytest

from eureke.programs.unpacked import intact, replaced


def fill(target: Path, content: str = "content") -> None:
    """Puts a folder with one file in place."""
    with replaced(target) as partial:
        (partial / "file").write_text(content)


def test_a_full_folder_is_intact_until_a_byte_changes(
    tmp_path: Path, flip: Callable[[Path], None]
) -> None:
    """Size and time may be as before: the content is what counts."""
    fill(tmp_path / "target")
    assert intact(tmp_path / "target")
    flip(tmp_path / "target" / "file")
    assert not intact(tmp_path / "target")


def test_a_missing_file_or_folder_is_damage(tmp_path: Path) -> None:
    """As after a deletion by hand."""
    fill(tmp_path / "target")
    (tmp_path / "target" / "file").unlink()
    assert not intact(tmp_path / "target")
    assert not intact(tmp_path / "nowhere")


def test_a_fetch_that_breaks_off_leaves_what_was_there(tmp_path: Path) -> None:
    """The next one begins anew, and is not disturbed by the half that was left."""
    target = tmp_path / "target"
    fill(target, "old")

    def break_off() -> None:
        with replaced(target) as partial:
            (partial / "half").write_text("half")
            raise ConnectionError

    with pytest.raises(ConnectionError):
        break_off()
    assert (target / "file").read_text() == "old"
    fill(target, "new")
    assert (target / "file").read_text() == "new"
    assert not (target / "half").exists()
