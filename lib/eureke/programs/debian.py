"""Packages of Debian and Ubuntu, unpacked into a folder: no root, nothing installed."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from eureke.errors import ProgramMissing


def fetch(packages: Sequence[str], target: Path) -> None:
    """Unpacks the packages into the target folder; apt checks their signatures and checksums.

    Raises:
        ProgramMissing: this is no such distribution, or a package could not be had.
    """
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        raise ProgramMissing(
            "apt-get and dpkg are not on PATH", remedy="install redis-server by your system's means"
        )
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    state = partial / "apt"
    for each in ("state/lists/partial", "cache/archives/partial"):
        (state / each).mkdir(parents=True)
    options = [
        *("-o", f"Dir::State={state}/state"),
        *("-o", "Dir::State::status=/var/lib/dpkg/status"),
        *("-o", f"Dir::Cache={state}/cache"),
        *("-o", "APT::Sandbox::User="),
    ]
    _run(["apt-get", *options, "update"], folder=state)
    _run(["apt-get", *options, "download", *packages], folder=state)
    for package in sorted(state.glob("*.deb")):
        _run(["dpkg", "-x", str(package), str(partial)], folder=state)
    shutil.rmtree(state)
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)


def _run(command: list[str], *, folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ProgramMissing(
            f"`{command[0]}` failed: {(done.stderr or done.stdout)[-500:].strip()}",
            remedy="check the network and run `make setup` again",
        )
