"""The machine a run was made on: what has to be alike before results are compared."""

import contextlib
import importlib.metadata
import os
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import confluent_kafka
import psutil

from eureke import programs
from eureke.errors import ProgramMissing
from eureke.places import home
from eureke.programs.runtime import find_java
from eureke.settings import KAFKA_VERSION

PACKAGES: Final = (
    "eureke",
    "celery",
    "kombu",
    "redis",
    "confluent-kafka",
    "aiohttp",
    "msgpack",
    "msgspec",
    "hdrhistogram",
    "numpy",
    "pandas",
    "pyarrow",
    "matplotlib",
    "papermill",
    "psutil",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A fingerprint: hardware, system, versions and the code's commit."""

    processor: str
    architecture: str
    cores: int
    cores_usable: float
    memory_gib: float
    memory_limit_gib: float | None
    governor: str | None
    clock_source: str | None
    system: str
    python: str
    commit: str | None
    dirty: bool | None
    versions: dict[str, str]


def fingerprint(*, images: Mapping[str, str] | None = None) -> Machine:
    """This machine, now; with containers the versions of servers are those of their images."""
    commit = _git("rev-parse", "HEAD")
    status = _git("status", "--porcelain")
    return Machine(
        processor=_processor(),
        architecture=platform.machine(),
        cores=os.cpu_count() or 1,
        cores_usable=_usable_cores(),
        memory_gib=round(psutil.virtual_memory().total / 2**30, 1),
        memory_limit_gib=_memory_limit_gib(),
        governor=_read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        clock_source=_read("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        commit=commit,
        dirty=None if commit is None else bool(status),
        versions=_clients() | (dict(images) if images else _programs()),
    )


def _programs() -> dict[str, str]:
    """Versions of the servers as processes; what is not there is left out."""
    versions = {"kafka": KAFKA_VERSION}
    with contextlib.suppress(ProgramMissing):
        versions["java"] = find_java().version
    with contextlib.suppress(ProgramMissing):
        versions["redis-server"] = programs.REDIS.find().version
    return versions


def _clients() -> dict[str, str]:
    """Versions of client libraries and packages; what is not there is left out."""
    versions = {"librdkafka": confluent_kafka.libversion()[0]}
    for name in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    return versions


def _processor() -> str:
    for line in (_read("/proc/cpuinfo") or "").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def _usable_cores() -> float:
    """Cores this process may use: its affinity, and the control group's quota."""
    cores = float(len(os.sched_getaffinity(0)))
    quota, _, period = (_read("/sys/fs/cgroup/cpu.max") or "max").partition(" ")
    return min(cores, int(quota) / int(period)) if quota != "max" else cores


def _memory_limit_gib() -> float | None:
    """What the control group may use; None where that is not limited."""
    limit = _read("/sys/fs/cgroup/memory.max") or "max"
    return None if limit == "max" else round(int(limit) / 2**30, 1)


def _read(path: str) -> str | None:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return None


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments],  # noqa: S607  git is where PATH says
            cwd=home(),
            capture_output=True,
            text=True,
            check=True,
            timeout=20,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
