"""Kafka's jars: fetched by jgo, which speaks to Maven repositories without Maven."""

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from typing import Final

from eureke.errors import ProgramMissing
from eureke.programs.program import TRIES, Say, cache, sha256
from eureke.progress import Progress
from eureke.settings import KAFKA_VERSION

AT_ONCE: Final = 8
TIMEOUT_S: Final = 20


def lock() -> dict[str, str]:
    """The SHA-256 of each jar by its coordinate, `group:artifact:version`."""
    lines = (files("eureke.programs") / "kafka.lock").read_text().splitlines()
    return dict(line.split(" ") for line in lines)


def folder() -> Path:
    """Where the jars are kept."""
    return cache() / f"kafka-{KAFKA_VERSION}"


def kafka_classpath() -> str:
    """The classpath of a broker and its tools.

    Raises:
        ProgramMissing: a jar was not fetched.
    """
    missing = [coordinate for coordinate in lock() if not jar(coordinate).exists()]
    if missing:
        raise ProgramMissing(
            f"{len(missing)} of Kafka's {len(lock())} jars are not there",
            remedy="fetch them: `make setup`",
        )
    return f"{folder()}/*"


def broken() -> list[str]:
    """Coordinates whose jar is missing or is not the one in the lock."""
    return [
        coordinate
        for coordinate, checksum in lock().items()
        if not jar(coordinate).exists() or sha256(jar(coordinate)) != checksum
    ]


def fetch(say: Say) -> None:
    """Makes exactly the jars of the lock be there, whole; fetches only what is not.

    Raises:
        ProgramMissing: a jar could not be had, or is another one than in the lock.
    """
    folder().mkdir(parents=True, exist_ok=True)
    wanted = {jar(coordinate) for coordinate in lock()}
    for stranger in set(folder().iterdir()) - wanted:
        stranger.unlink()  # the classpath is the whole folder
    missing = broken()
    if not missing:
        return
    say(f"Kafka {KAFKA_VERSION}: {len(missing)} of {len(lock())} jars to fetch")
    pool = ThreadPoolExecutor(max_workers=AT_ONCE)
    try:
        with Progress("Kafka", total=len(missing), unit="jars") as progress:
            for number, _ in enumerate(pool.map(_fetch, missing), start=1):
                progress.reach(number)
    finally:
        pool.shutdown(cancel_futures=True)
        shutil.rmtree(_repository(), ignore_errors=True)


def jar(coordinate: str) -> Path:
    """Where the jar of a coordinate is kept."""
    _, artifact, version = coordinate.split(":")
    return folder() / f"{artifact}-{version}.jar"


def _fetch(coordinate: str) -> None:
    trouble: object = None
    for attempt in range(TRIES):
        time.sleep(attempt)
        try:
            got = _download(coordinate)
        except (OSError, RuntimeError, ValueError) as error:
            trouble = error
            continue
        found = sha256(got)
        if found == lock()[coordinate]:
            got.replace(jar(coordinate))
            return
        trouble = f"its SHA-256 is {found}, not the {lock()[coordinate]} of the lock"
    raise ProgramMissing(
        f"the jar {coordinate} could not be fetched: {trouble}",
        remedy="check the network and run `make setup` again: what is there is kept",
    )


def _download(coordinate: str) -> Path:
    from jgo.maven import MavenContext  # noqa: PLC0415  only set-up needs it

    group, artifact, version = coordinate.split(":")
    context = MavenContext(repo_cache=_repository(), timeout=TIMEOUT_S)
    wanted = context.project(group, artifact).at_version(version).artifact()
    if wanted.cached_path:  # jgo takes half a file that an earlier try left for a whole one
        wanted.cached_path.unlink(missing_ok=True)
    downloaded: Path = wanted.resolve()
    return downloaded


def _repository() -> Path:
    return cache() / "maven"
