"""Set-up: what `make setup` fetches, once."""

from eureke.programs import java, kafka, redis
from eureke.programs.program import Say, locked


def install(say: Say = print) -> None:
    """Fetches what is missing into the checkout's cache; does nothing where all is there.

    Raises:
        ProgramMissing: something could not be had.
    """
    with locked():
        java.fetch(say)
        kafka.fetch(say)
        redis.fetch(say)
