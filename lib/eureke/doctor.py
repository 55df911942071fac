"""What this machine has and lacks, one line each, with the remedy of each lack."""

import os
import platform
import resource
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from eureke import programs
from eureke.errors import ProgramMissing, ServiceFailed
from eureke.measure.machine import fingerprint
from eureke.places import home
from eureke.programs import kafka, runtime
from eureke.scenario import Scenario
from eureke.settings import IMAGES, KAFKA_VERSION
from eureke.stack.composition import new_state
from eureke.stack.engine import Engine
from eureke.stack.rights import try_servers
from eureke.stack.servers import Servers
from eureke.stack.settings import settings

ARCHITECTURES: Final = ("x86_64", "aarch64", "arm64")
MEMORY_GIB: Final = 3.0
DISK_GIB: Final = 3.0
OPEN_FILES: Final = 1024
MARKS: Final = {True: "ok", False: "LACKS", None: "without"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    name: str
    ok: bool | None
    """False: a run needs it. None: it is not there, and all that exists today works without."""
    found: str
    remedy: str = ""


def diagnose() -> list[Finding]:
    """Looks at everything that decides what will work here; takes a few seconds at most."""
    finding, engine = _docker_engine()
    return [
        _python(),
        _java(),
        _kafka(),
        _program(programs.REDIS, needed=True),
        _program(programs.NGINX, needed=False),
        _program(programs.PROMETHEUS, needed=False),
        _grafana(),
        finding,
        _docker_images(engine),
        _cores(),
        _memory(),
        _disk(),
        _open_files(),
        _architecture(),
    ]


def report(findings: Iterable[Finding], *, paths: bool = True) -> str:
    """The findings as text, a line each, and what all of them mean.

    Args:
        findings: what was found.
        paths: whether folders are named in full; else, for what others read, the checkout is `.`
            and whose home it is remains untold.
    """
    findings = list(findings)
    lines = [_line(finding) for finding in findings]
    lacks = [finding.name for finding in findings if finding.ok is False]
    lines.append(f"A run lacks: {', '.join(lacks)}." if lacks else "All that a run needs is here.")
    told = "\n".join(lines)
    for folder, short in ((home(), "."), (Path.home(), "~")):
        if not paths and len(folder.parts) > 1:
            told = told.replace(str(folder), short)
    return told


def _line(finding: Finding) -> str:
    remedy = f"  → {finding.remedy}" if finding.remedy and finding.ok is not True else ""
    return f"{MARKS[finding.ok]:8}{finding.name:15} {finding.found}{remedy}"


def diagnose_servers() -> list[Finding]:
    """Tries each given server as a stack would: its address, its version, our rights."""
    servers = Servers.of_environment()
    state = new_state(Scenario(), ports={}, application=False, servers=servers)
    found = try_servers(servers, settings(Scenario(), state, home()))
    return [
        Finding(
            name=each.name, ok=not each.trouble, found=each.trouble or "will do", remedy=each.remedy
        )
        for each in found
    ]


def _python() -> Finding:
    return Finding(
        name="Python",
        ok=sys.version_info >= (3, 11),
        found=f"{platform.python_version()} ({sys.prefix})",
        remedy="make setup PYTHON=/path/to/python3.11 or newer",
    )


def _java() -> Finding:
    remedy = "make setup"
    try:
        found = runtime.find_java()
    except ProgramMissing as error:
        return Finding(name="Java", ok=False, found=error.what, remedy=remedy)
    if "java" in programs.damaged():
        return Finding(name="Java", ok=False, found="the fetched runtime is damaged", remedy=remedy)
    return Finding(name="Java", ok=True, found=f"{found.version} from {found.origin}")


def _kafka() -> Finding:
    jars, broken = len(kafka.lock()), len(kafka.broken())
    return Finding(
        name="Kafka jars",
        ok=not broken,
        found=f"{KAFKA_VERSION}, {jars - broken} of {jars} jars there and whole",
        remedy="make setup",
    )


def _program(sought: programs.Sought, *, needed: bool) -> Finding:
    name, remedy, lacking = sought.title, "make setup", False if needed else None
    try:
        found = sought.find()
    except ProgramMissing as error:
        remedy = remedy if sought.wheel else error.remedy
        return Finding(name=name, ok=lacking, found=error.what, remedy=remedy)
    if {folder.name for folder in sought.folders} & set(programs.damaged()):
        what = f"the fetched {sought.command} is damaged"
        return Finding(name=name, ok=lacking, found=what, remedy=remedy)
    return Finding(name=name, ok=True, found=f"{found.version} from {found.origin}")


def _grafana() -> Finding:
    found = _program(programs.GRAFANA, needed=False)
    try:
        programs.grafana_home()
    except ProgramMissing as error:
        return Finding(name=found.name, ok=None, found=error.what, remedy=error.remedy)
    return found


def _docker_engine() -> tuple[Finding, Engine | None]:
    name = "Docker engine"
    try:
        engine = Engine.connect()
    except ServiceFailed as error:
        return Finding(name=name, ok=None, found=error.what, remedy=error.remedy), None
    return Finding(name=name, ok=True, found=f"{engine.version} answers"), engine


def _docker_images(engine: Engine | None) -> Finding:
    name = "Docker images"
    if engine is None:
        return Finding(name=name, ok=None, found="no engine to ask", remedy="see Docker engine")
    missing = [image for image in IMAGES.values() if not engine.has(image)]
    there = [image for image in IMAGES.values() if image not in missing]
    stand_ins = f", {len(found)} of them stand-ins" if (found := engine.stand_ins(there)) else ""
    return Finding(
        name=name,
        ok=None if missing else True,
        found=f"{len(there)} of {len(IMAGES)} are there{stand_ins}",
        remedy=" && ".join(f"docker pull {image}" for image in missing),
    )


def _cores() -> Finding:
    machine = fingerprint()
    return Finding(
        name="Cores",
        ok=machine.cores_usable >= 2,
        found=f"{machine.cores_usable:g} of {machine.cores} usable, {machine.processor}",
        remedy="give this machine or container 2 cores",
    )


def _memory() -> Finding:
    free_gib = psutil.virtual_memory().available / 2**30
    return Finding(
        name="Memory",
        ok=free_gib >= MEMORY_GIB,
        found=f"{free_gib:.1f} GiB available",
        remedy=f"end other programs until {MEMORY_GIB:g} GiB are available",
    )


def _disk() -> Finding:
    free_gib = shutil.disk_usage(home()).free / 2**30
    return Finding(
        name="Disk",
        ok=free_gib >= DISK_GIB,
        found=f"{free_gib:.1f} GiB free in {home()}",
        remedy=f"free {DISK_GIB:g} GiB there, or set EUREKE_HOME to a folder with more",
    )


def _open_files() -> Finding:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return Finding(
        name="Open files",
        ok=soft >= OPEN_FILES or soft == resource.RLIM_INFINITY,
        found=f"{soft} a process (at most {hard})",
        remedy=f"ulimit -n {OPEN_FILES}",
    )


def _architecture() -> Finding:
    machine = platform.machine()
    return Finding(
        name="Architecture",
        ok=machine in ARCHITECTURES and os.name == "posix",
        found=f"{machine}, {platform.system()}",
        remedy="use Linux on x86-64 or arm64: for others there are no wheels of the clients",
    )
