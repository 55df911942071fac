"""A worker that takes nothing while tasks wait is noticed, and begins again."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import redis
from tests.waiting import wait_until

from eureke.pipeline.app import TASK, celery_app
from eureke.pipeline.pulse import LOOKS, Pulse, waiting_in
from eureke.settings import SETTINGS_VARIABLE
from eureke.stack.stack import Stack

SILENT_ONCE = """\
import sys, pathlib
from kombu.transport.redis import Channel
from eureke.pipeline import worker

before = pathlib.Path(sys.argv.pop())
if not before.exists():
    Channel._brpop_start = lambda self, timeout=None: None  # never asks for a task
    before.touch()
worker.main()
"""


def looks(pulse: Pulse, times: int) -> list[bool]:
    return [pulse.silent() for _ in range(times)]


def test_tasks_that_wait_while_none_is_taken() -> None:
    pulse = Pulse(lambda: 3)
    assert looks(pulse, LOOKS) == [False] * (LOOKS - 1) + [True]


def test_an_empty_queue_is_no_silence() -> None:
    assert not any(looks(Pulse(lambda: 0), 3 * LOOKS))


def test_a_task_taken_between_two_looks_is_a_sign_of_life() -> None:
    pulse = Pulse(lambda: 3)
    for _ in range(3):
        assert not any(looks(pulse, LOOKS - 1))
        with pulse.task():
            pass


def test_a_task_that_takes_long_is_a_sign_of_life_until_it_ends() -> None:
    pulse = Pulse(lambda: 3)
    with pulse.task():
        assert not any(looks(pulse, 3 * LOOKS))
    assert any(looks(pulse, LOOKS + 1))


def test_a_redis_that_is_away_says_nothing_of_the_worker() -> None:
    answers: Iterator[int | None] = iter([3] * (LOOKS - 1) + [None] + [3] * LOOKS)

    def waiting() -> int:
        answer = next(answers)
        if answer is None:
            raise redis.ConnectionError
        return answer

    assert looks(Pulse(waiting), 2 * LOOKS) == [False] * (2 * LOOKS - 1) + [True]


def test_a_silent_worker_begins_again_and_takes_what_waited(stack: Stack, tmp_path: Path) -> None:
    """By itself, in the same process: no supervisor has to see it."""
    settings = replace(stack.settings, prefix="silent")
    lane = settings.lane("bulk")
    settings.write(tmp_path / "settings.json")
    waiting = waiting_in(settings, lane)
    celery_app(settings, lane).send_task(TASK, kwargs={"batch_id": "of nobody"})
    assert waiting() == 1
    worker = subprocess.Popen(
        [sys.executable, "-c", SILENT_ONCE, "--lane", "bulk", str(tmp_path / "before")],
        env=os.environ | {SETTINGS_VARIABLE: str(tmp_path / "settings.json")},
        stderr=(tmp_path / "log").open("w"),
    )
    try:
        wait_until(lambda: waiting() == 0, within_s=60, what="the task's being taken")
        assert worker.poll() is None
        assert "beginning again" in (tmp_path / "log").read_text()
    finally:
        worker.terminate()
        worker.wait(20)
