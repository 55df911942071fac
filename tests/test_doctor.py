"""What this machine has and lacks, a line each, with the remedy of each lack."""

import shutil
import socket
import tempfile
from pathlib import Path

import pytest

from eureke.doctor import Finding, diagnose, report
from eureke.programs import kafka, runtime, sought

NAMES = [
    "Python",
    "Java",
    "Kafka jars",
    "Redis",
    "Nginx",
    "Prometheus",
    "Grafana",
    "Docker engine",
    "Docker images",
    "Cores",
    "Memory",
    "Disk",
    "Open files",
    "Architecture",
]


def by_name() -> dict[str, Finding]:
    """All that the doctor finds now."""
    runtime.java.cache_clear()
    sought.forget()
    return {finding.name: finding for finding in diagnose()}


def test_after_set_up_a_run_lacks_none_of_what_set_up_brings() -> None:
    """Each thing is looked at once; each that is not there has a remedy."""
    found = by_name()
    assert list(found) == NAMES
    assert found["Kafka jars"].ok
    assert found["Java"].ok
    assert found["Redis"].ok
    assert all(finding.remedy for finding in found.values() if finding.ok is not True)


def test_without_set_up_it_names_what_is_missing_and_the_command_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty cache on a machine with nothing on PATH."""
    monkeypatch.setenv("EUREKE_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/engine.sock")
    found = by_name()
    lacking = [found[name] for name in ("Java", "Kafka jars", "Redis")]
    assert [finding.ok for finding in lacking] == [False, False, False]
    assert {finding.remedy for finding in lacking} == {"make setup"}
    assert found["Docker engine"].found.startswith("no Docker engine answers")
    assert "--backend processes" in found["Docker engine"].remedy


def test_a_damaged_jar_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a broker stumbles over it."""
    shutil.copytree(kafka.folder(), tmp_path / kafka.folder().name)
    monkeypatch.setenv("EUREKE_CACHE", str(tmp_path))
    next(tmp_path.rglob("slf4j-api-*.jar")).write_bytes(b"no jar")
    found = by_name()["Kafka jars"]
    assert found.ok is False
    assert f"{len(kafka.lock()) - 1} of {len(kafka.lock())}" in found.found


def test_an_engine_that_does_not_answer_does_not_hold_it_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The engine is asked with a time limit; servers run as processes without it."""
    monkeypatch.setattr("eureke.stack.engine.TIMEOUT_S", 0.2)
    with (
        tempfile.TemporaryDirectory(prefix="eureke") as name,
        socket.socket(socket.AF_UNIX) as silent,
    ):
        silent.bind(f"{name}/engine.sock")
        silent.listen()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{name}/engine.sock")
        found = by_name()["Docker engine"]
    assert found.ok is None
    assert found.found.startswith("no Docker engine answers")


def test_the_report_is_a_line_each_and_ends_with_what_is_lacking() -> None:
    """The remedy stands beside what needs it, and nowhere else."""
    text = report(
        [
            Finding(name="Java", ok=False, found="none", remedy="make setup"),
            Finding(name="Nginx", ok=None, found="none", remedy="install nginx"),
            Finding(name="Memory", ok=True, found="8 GiB", remedy="buy more"),
        ]
    )
    java, nginx, memory, verdict = text.splitlines()
    assert java.split() == ["LACKS", "Java", "none", "→", "make", "setup"]
    assert nginx.startswith("without")
    assert "buy more" not in memory
    assert verdict == "A run lacks: Java."


def test_what_others_read_does_not_say_whose_machine_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Folders are told from the checkout, or from somebody's home."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("EUREKE_HOME", str(tmp_path / "checkout"))
    found = f"3.11 ({tmp_path}/checkout/.venv), {tmp_path}/conda"
    findings = [Finding(name="Python", ok=True, found=found)]
    assert str(tmp_path) in report(findings)
    assert "3.11 (./.venv), ~/conda" in report(findings, paths=False)
