"""Set-up: what `eureke setup` fetches, once."""

from typing import Final

from eureke.errors import ProgramMissing
from eureke.programs import kafka, runtime
from eureke.programs.nginx import NGINX
from eureke.programs.program import Program, Say, locked, tell
from eureke.programs.prometheus import PROMETHEUS
from eureke.programs.redis import REDIS
from eureke.programs.unpacked import intact
from eureke.settings import KAFKA_VERSION

OPTIONAL: Final = (NGINX, PROMETHEUS)
"""A stack can do without them."""


def install(say: Say = tell) -> None:
    """Fetches what is missing or damaged into the checkout's cache; else touches no network.

    Raises:
        ProgramMissing: something that every run needs could not be had.
    """
    with locked(say):
        runtime.fetch(say)
        kafka.fetch(say)
        REDIS.fetch(say)
        found = [f"Java {_told(runtime.find_java())}", f"Kafka {KAFKA_VERSION}"]
        found.append(f"Redis {_told(REDIS.find())}")
        for each in OPTIONAL:
            try:
                each.fetch(say)
                found.append(f"{each.title} {_told(each.find())}")
            except ProgramMissing as error:
                say(f"without {each.title}: {error.what}\n  {error.remedy}")
    say(f"set up: {', '.join(found)}")


def damaged() -> list[str]:
    """What was fetched and is no longer as it was fetched; set-up repeats it."""
    folders = [runtime.folder()]
    for each in (REDIS, *OPTIONAL):
        folders += each.folders
    return [folder.name for folder in folders if folder.exists() and not intact(folder)]


def _told(program: Program) -> str:
    return f"{program.version} ({program.origin})"
