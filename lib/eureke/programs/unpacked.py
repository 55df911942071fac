"""A folder that was unpacked from a package: put in place whole, recognised when damaged."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from eureke.programs.program import sha256

MANIFEST: Final = "SHA256SUMS"


@contextmanager
def replaced(target: Path) -> Iterator[Path]:
    """A folder to fill; it takes the target's place, with its checksums, only once it is full."""
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    yield partial
    _record(partial)
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)


def intact(folder: Path) -> bool:
    """Whether every file is there as it was unpacked."""
    try:
        lines = (folder / MANIFEST).read_text().splitlines()
        return all(
            sha256(folder / name) == checksum
            for checksum, name in (line.split("  ", 1) for line in lines)
        )
    except (OSError, ValueError):
        return False


def _record(folder: Path) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    lines = [f"{sha256(path)}  {path.relative_to(folder)}\n" for path in files]
    (folder / MANIFEST).write_text("".join(lines))
