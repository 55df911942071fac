"""Prometheus: from the distribution's package, and nothing that a stack cannot do without."""

import os
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from tests.programs.test_redis import HAS_APT, quiet

from eureke import programs
from eureke.errors import ProgramMissing
from eureke.programs.install import OPTIONAL
from eureke.programs.prometheus import PROMETHEUS, PROMTOOL
from eureke.programs.sought import Sought

StandIn = Callable[[str, str], None]


@pytest.mark.skipif(not HAS_APT, reason="this is neither Debian nor Ubuntu")
def test_the_package_has_promtool_beside_it(
    cache: Path, network: Callable[[], AbstractContextManager[None]], tmp_path: Path
) -> None:
    """One package, two programs that run."""
    with network():
        PROMETHEUS.fetch_package(quiet)
    assert PROMETHEUS.from_package().version
    promtool = PROMTOOL.from_package()
    (tmp_path / "prometheus.yml").write_text("global: {scrape_interval: 1s}\n")
    command = [str(promtool.path), "check", "config", str(tmp_path / "prometheus.yml")]
    environment = os.environ | promtool.environment
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "SUCCESS" in done.stdout


def test_one_on_path_is_used(cache: Path, no_network: None, bare_path: StandIn) -> None:
    """It says its version in a form of its own."""
    bare_path("prometheus", "prometheus, version 2.42.0+ds (branch: debian/sid)")
    PROMETHEUS.fetch(quiet)
    assert PROMETHEUS.find().version == "2.42.0"


def test_without_a_package_there_is_none_and_the_remedy_says_so(
    cache: Path, bare_path: StandIn
) -> None:
    """No wheel carries it: on another system it is the reader who installs it."""
    with pytest.raises(ProgramMissing, match="apt-get and dpkg are not on PATH"):
        PROMETHEUS.fetch(quiet)
    bare_path("prometheus", "cannot load a library")
    with pytest.raises(ProgramMissing, match="no prometheus") as raised:
        PROMETHEUS.find()
    assert "on Debian and Ubuntu" in raised.value.remedy


@pytest.mark.parametrize("missing", OPTIONAL, ids=lambda each: each.title)
def test_set_up_goes_on_without_it(
    missing: Sought, jars: Path, no_network: None, bare_path: StandIn
) -> None:
    """A stack can do without, and set-up says why it will have to."""
    said_by = {
        "java": 'openjdk version "21.0.4" 2024-07-16',
        "nginx": "nginx version: nginx/1.22.1",
        "prometheus": "prometheus, version 2.42.0",
        "redis-server": "Redis server v=7.2.4 sha=00000000:0 malloc=libc bits=64",
    }
    for name, line in said_by.items():
        if name != missing.command:
            bare_path(name, line)
    said: list[str] = []
    programs.install(said.append)
    assert any(line.startswith(f"without {missing.title}: ") for line in said)
    assert "Redis 7.2.4 (PATH)" in said[-1]
    assert missing.title not in said[-1]
