"""Kafka's jars: fetched by jgo, which resolves Maven coordinates without Maven."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path

from eureke.errors import ProgramMissing
from eureke.programs.program import Say, cache, sha256
from eureke.settings import KAFKA_VERSION

TRIES = 3


def lock() -> dict[str, str]:
    """The SHA-256 of each jar by its coordinate, `group:artifact:version`."""
    lines = (files("eureke.programs") / "kafka.lock").read_text().split("\n")
    return dict(line.split(" ") for line in lines if line)


def folder() -> Path:
    """Where the jars are kept."""
    return cache() / f"kafka-{KAFKA_VERSION}"


def kafka_classpath() -> str:
    """The classpath of a broker and its tools.

    Raises:
        ProgramMissing: the jars were not fetched.
    """
    if not (folder() / "complete").exists():
        raise ProgramMissing("Kafka's jars are not there", remedy="fetch them: `make setup`")
    return f"{folder()}/*"


def broken() -> list[str]:
    """Coordinates whose jar is missing or is not the one in the lock."""
    return [
        coordinate
        for coordinate, checksum in lock().items()
        if not _jar(coordinate).exists() or sha256(_jar(coordinate)) != checksum
    ]


def fetch(say: Say) -> None:
    """Makes every jar of the lock be there, whole; fetches only what is not.

    Raises:
        ProgramMissing: a jar could not be had, or is another one than in the lock.
    """
    missing = broken()
    if missing:
        (folder() / "complete").unlink(missing_ok=True)
        folder().mkdir(parents=True, exist_ok=True)
        say(f"Kafka {KAFKA_VERSION}: {len(missing)} of {len(lock())} jars to fetch")
        with ThreadPoolExecutor(max_workers=8) as pool:
            for number, _ in enumerate(pool.map(_fetch, missing), start=1):
                if number % 20 == 0 or number == len(missing):
                    say(f"Kafka {KAFKA_VERSION}: {number} of {len(missing)} jars fetched")
        shutil.rmtree(_repository(), ignore_errors=True)
    (folder() / "complete").touch()


def _fetch(coordinate: str) -> None:
    from jgo.constants import MAVEN_CENTRAL_URL  # noqa: PLC0415
    from jgo.maven import MavenContext  # noqa: PLC0415  only set-up needs it

    group, artifact, version = coordinate.split(":")
    trouble: object = None
    for _ in range(TRIES):
        try:
            context = MavenContext(
                repo_cache=_repository(), remote_repos={"central": MAVEN_CENTRAL_URL}, timeout=60
            )
            jar = context.project(group, artifact).at_version(version).artifact().resolve()
        except (OSError, RuntimeError, ValueError) as error:
            trouble = error
            continue
        found = sha256(jar)
        if found == lock()[coordinate]:
            jar.replace(_jar(coordinate))
            return
        trouble = f"its SHA-256 is {found}, not {lock()[coordinate]}"
        jar.unlink()
    raise ProgramMissing(
        f"the jar {coordinate} could not be fetched: {trouble}",
        remedy="check the network and run `make setup` again: what is there is kept",
    )


def _jar(coordinate: str) -> Path:
    _, artifact, version = coordinate.split(":")
    return folder() / f"{artifact}-{version}.jar"


def _repository() -> Path:
    return cache() / "maven"
