"""Programs that a stack can do without: used where this machine has them."""

import os
import shutil
from pathlib import Path
from typing import Final

from eureke.programs.program import Program, ask_version

# Debian keeps servers where an ordinary account's PATH does not look.
SYSTEM_FOLDERS: Final = "/usr/local/sbin:/usr/sbin:/sbin"


def nginx() -> Program | None:
    """The Nginx of this machine, if it has one that runs."""
    return _found("nginx", "-v", r"nginx/([\d.]+)")


def prometheus() -> Program | None:
    """The Prometheus of this machine, if it has one that runs."""
    return _found("prometheus", "--version", r"version ([\d.]+)")


def _found(name: str, option: str, pattern: str) -> Program | None:
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{SYSTEM_FOLDERS}")
    version = ask_version(Path(path), option, pattern=pattern) if path else ""
    return Program(path=Path(path), version=version, origin="PATH") if path and version else None
