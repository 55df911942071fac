"""Packages of Debian and Ubuntu, unpacked into a folder: no root, nothing installed."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from eureke.errors import ProgramMissing
from eureke.programs.unpacked import replaced


def check() -> None:
    """Raises ProgramMissing where this is neither Debian nor Ubuntu."""
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        raise ProgramMissing(
            "apt-get and dpkg are not on PATH", remedy="install it by your system's means"
        )


def fetch(packages: Sequence[str], target: Path) -> None:
    """Unpacks the packages into the target folder; apt checks their signatures and checksums.

    Raises:
        ProgramMissing: a package could not be had.
    """
    check()
    with replaced(target) as partial:
        state = partial / "apt"
        for each in ("state/lists/partial", "cache/archives/partial"):
            (state / each).mkdir(parents=True)
        (state / "apt.conf").write_text(_configuration(state))
        apt = ["apt-get", "-c", str(state / "apt.conf")]
        _run([*apt, "update"], folder=state)
        _run([*apt, "download", *packages], folder=state)
        for package in sorted(state.glob("*.deb")):
            _run(["dpkg", "-x", str(package), str(partial)], folder=state)
        shutil.rmtree(state)


def _configuration(state: Path) -> str:
    """Settings that keep apt in one folder, for an account that may write nowhere else."""
    return f"""\
Dir::State "{state}/state";
Dir::State::status "/var/lib/dpkg/status";
Dir::Cache "{state}/cache";
APT::Sandbox::User "";
APT::Update::Post-Invoke-Success "";
Acquire::Retries "3";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
"""


def _run(command: list[str], *, folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr or done.stdout).strip().splitlines()
        raise ProgramMissing(
            f"`{command[0]}` could not fetch the packages: {reason[-1] if reason else 'no reason'}",
            remedy="check the network and run `make setup` again",
        )
