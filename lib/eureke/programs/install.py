"""Set-up: what `eureke setup` fetches, once."""

from eureke.programs import kafka, redis, runtime
from eureke.programs.program import Say, locked, tell
from eureke.programs.unpacked import intact
from eureke.settings import KAFKA_VERSION


def install(say: Say = tell) -> None:
    """Fetches what is missing or damaged into the checkout's cache; else touches no network.

    Raises:
        ProgramMissing: something could not be had.
    """
    with locked(say):
        runtime.fetch(say)
        kafka.fetch(say)
        redis.fetch(say)
        java, server = runtime.find_java(), redis.redis_server()
    say(
        f"set up: Java {java.version} ({java.origin}), Kafka {KAFKA_VERSION}, "
        f"Redis {server.version} ({server.origin})"
    )


def damaged() -> list[str]:
    """What was fetched and is no longer as it was fetched; set-up repeats it."""
    folders = (runtime.folder(), redis.package_folder(), redis.wheel_folder())
    return [folder.name for folder in folders if folder.exists() and not intact(folder)]
