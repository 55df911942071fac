"""A worker's pulse: one that is alive and takes nothing while tasks wait begins again.

That a worker no longer consumes after its Redis was away is what Celery's users report most often.
Each cause that is found is mended there; this asks for progress, whatever the cause.
"""

import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import redis

from eureke.settings import Lane, Settings, announce_ready

log = logging.getLogger("pulse")
LOOK_S: Final = 1.0
LOOKS: Final = 5
"""So many looks in a row at tasks that wait, and none was taken: it is silent."""


class Pulse:
    """Whether tasks are taken while some wait."""

    def __init__(self, waiting: Callable[[], int]) -> None:
        self._waiting = waiting
        self._lock = threading.Lock()
        self._taken = 0
        self._at_work = 0
        self._seen = 0
        self._quiet = 0

    @contextmanager
    def task(self) -> Iterator[None]:
        """Around each task."""
        with self._lock:
            self._taken += 1
            self._at_work += 1
        try:
            yield
        finally:
            with self._lock:
                self._at_work -= 1

    def silent(self) -> bool:
        """Looks once; true when it has been silent for too many looks.

        A queue that cannot be asked says nothing about whoever reads it.
        """
        try:
            waiting = self._waiting()
        except redis.RedisError:
            waiting = 0
        with self._lock:
            busy = self._at_work or self._taken != self._seen
            self._seen = self._taken
        self._quiet = self._quiet + 1 if waiting and not busy else 0
        return self._quiet >= LOOKS


def waiting_in(settings: Settings, lane: Lane) -> Callable[[], int]:
    """Counts the tasks of the lane that nobody has taken, by a connection of its own each time.

    One that is kept may be as dead as the worker's.
    """

    def count() -> int:
        with redis.Redis.from_url(
            settings.redis_queue, socket_timeout=LOOK_S, socket_connect_timeout=LOOK_S
        ) as asked:
            return sum(int(asked.llen(key)) for key in lane.queue_keys)

    return count


def watch(pulse: Pulse, *, stopping: threading.Event) -> None:
    """Looks every second, until it is to stop; each good look renews the sign of readiness."""
    while not stopping.wait(LOOK_S):
        if pulse.silent():
            log.error("tasks wait and none was taken in %d looks: beginning again", LOOKS)
            begin_again()
        announce_ready()


def begin_again() -> None:
    """Runs this process's own program anew in its place: whoever watches it sees no death."""
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606  no shell
