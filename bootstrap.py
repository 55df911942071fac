"""Makes .venv from a lock: `python3 bootstrap.py requirements.lock`. Standard library only.

A second call with the same lock has nothing to do; two at once wait for each other.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

OLDEST = (3, 11)
HOME = Path(__file__).resolve().parent
VENV = HOME / ".venv"
CACHE = HOME / ".cache" / "pip"
LOCKS = ("requirements-build.lock", "requirements.lock", "requirements-test.lock")
TRIES = 3


def main(lock: str) -> None:
    """Makes .venv hold what the lock names, and the project itself."""
    check_python()
    CACHE.parent.mkdir(exist_ok=True)
    with (CACHE.parent / "setup.lock").open("w") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        if done(lock):
            return
        make_venv()
        install("requirements-build.lock")
        install(lock)
        pip("--no-build-isolation", "--no-deps", "--editable", str(HOME))
        stamp(lock).write_text(key())
        shutil.rmtree(CACHE, ignore_errors=True)


def check_python() -> None:
    """Ends with a remedy where this Python will not do."""
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST:
        end(f"Python {found} is too old", "name a newer one: `make setup PYTHON=python3.12`")
    try:
        import ensurepip  # noqa: F401, PLC0415
        import venv  # noqa: F401, PLC0415
    except ImportError:
        end(
            f"{sys.executable} cannot make virtual environments (no venv or ensurepip)",
            "install your system's package python3-venv, or name another Python: "
            "`make setup PYTHON=/path/to/python3`",
        )


def done(lock: str) -> bool:
    """Whether .venv holds the lock, or the test lock, which holds all of it."""
    wanted = key()
    stamps = (stamp(name) for name in (lock, "requirements-test.lock"))
    return any(each.exists() and each.read_text() == wanted for each in stamps)


def stamp(lock: str) -> Path:
    """The file that says with what .venv was made."""
    return VENV / f"{lock}.done"


def key() -> str:
    """What makes a .venv another one: the locks, the project, the Python, the place."""
    digest = hashlib.sha256()
    for name in (*LOCKS, "pyproject.toml"):
        digest.update((HOME / name).read_bytes())
    digest.update(f"{sys.version} {VENV}".encode())
    return digest.hexdigest()


def make_venv() -> None:
    """Makes .venv; keeps one that works, unless another Python or another place made it."""
    origin = VENV / "made-by"
    made_by = f"{sys.version} {VENV}"
    if works() and (not origin.exists() or origin.read_text() == made_by):
        return
    # Called by the Python of the very .venv that is to be made anew: its base makes it.
    maker = getattr(sys, "_base_executable", sys.executable)
    print(f"setup: making .venv with Python {sys.version.split()[0]}", flush=True)
    made = subprocess.run(
        [maker, "-m", "venv", "--clear", str(VENV)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if made.returncode:
        end(f"python3 -m venv failed: {made.stdout.strip()}", "name another Python by PYTHON=…")
    origin.write_text(made_by)


def works() -> bool:
    """Whether .venv, whoever made it, has a Python with pip."""
    python = VENV / "bin" / "python"
    return python.exists() and not subprocess.call([str(python), "-c", "import pip"])


def install(lock: str) -> None:
    """Installs what the lock names, every file checked against it."""
    names = [line for line in (HOME / lock).read_text().splitlines() if line[:1].isalnum()]
    progress = Progress(lock, len(names))
    pip("--no-deps", "--require-hashes", "--requirement", str(HOME / lock), see=progress.see)
    progress.close()


def pip(*arguments: str, see: Callable[[str], object] = str) -> None:
    """Runs `pip install`, a few times if need be; what was downloaded is not fetched again."""
    command = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--progress-bar", "off"]
    command += ["--disable-pip-version-check", "--cache-dir", str(CACHE), *arguments]
    # Habits of the account, such as `pip install --user`, must not get in here.
    environment = {**os.environ, "PIP_USER": "0", "PIP_ROOT_USER_ACTION": "ignore"}
    for attempt in range(1, TRIES + 1):
        lines = []
        with subprocess.Popen(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as running:
            for line in running.stdout or ():
                lines.append(line)
                see(line)
        if running.returncode == 0:
            return
        print(f"setup: pip failed ({attempt} of {TRIES})", flush=True)
        time.sleep(attempt)
    end("pip failed:\n" + "".join(lines[-12:]), "check the network, then `make setup` again")


class Progress:
    """pip's many lines as one bar at a terminal, or a line per fifth in a log."""

    def __init__(self, name: str, total: int) -> None:
        self.name, self.total, self.count, self.fifths = name, total, 0, 0
        self.began_s = time.monotonic()

    def see(self, line: str) -> None:
        """Counts a line of pip's if it begins another package."""
        if line.startswith(("Collecting ", "Requirement already satisfied")):
            self.count += 1
            self.show(f"{self.count} of {self.total} packages")
        elif line.startswith("Installing collected packages"):
            self.fifths = 5
            self.write("all packages are here; installing them")

    def show(self, what: str) -> None:
        """Says how far it is: always at a terminal, at each fifth in a log."""
        fifths = min(4, 5 * self.count // self.total)
        if sys.stdout.isatty() or fifths > self.fifths:
            self.fifths = fifths
            self.write(what)

    def write(self, what: str) -> None:
        """Writes over the bar at a terminal, a line of its own in a log."""
        bar = sys.stdout.isatty()
        line = f"setup: {self.name}: {what}"
        print(f"\r{line:<78}" if bar else line, end="" if bar else "\n", flush=True)

    def close(self) -> None:
        """Says how long it took."""
        self.write(f"done in {time.monotonic() - self.began_s:.0f} s")
        if sys.stdout.isatty():
            print()


def end(what: str, remedy: str) -> None:
    """Says what is wrong and what to do about it, and ends."""
    sys.exit(f"setup: {what}\n  remedy: {remedy}")


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        end(str(error), "make this folder writable, with 3 GiB free, then `make setup` again")
