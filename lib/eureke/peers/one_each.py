"""One Celery task and one POST for each notification, the first version of many systems.

`python -m eureke.peers.one_each --work` is its worker, `--load FOLDER --out FILE` hands a load over
to it. It is flattered: there is no Kafka, no policy, no receipt and no account, and threads enough
that the provider's latency is not what is measured.
"""

import argparse
import sys
import time
from pathlib import Path
from typing import Any, Final

import msgspec
import requests
from celery import Celery

from eureke.errors import EurekeError
from eureke.notification import Notification
from eureke.settings import Settings
from eureke.world.load import pieces

THREADS: Final = 32
TIMEOUT_S: Final = 10.0
WORKER_WITHIN_S: Final = 30.0


class Handed(msgspec.Struct, frozen=True):
    """What was handed over, and when that began."""

    begin_ns: int
    tasks: int


def celery_app(settings: Settings) -> Celery:
    """An application as the first steps of Celery's manual make it, without results."""
    app = Celery("one-each", broker=settings.redis_queue, set_as_current=False)
    app.conf.update(
        task_default_queue=f"{settings.prefix}.one-each",
        task_ignore_result=True,
        worker_hijack_root_logger=False,
    )

    @app.task(name="send")  # type: ignore[untyped-decorator]
    def send(notification: dict[str, Any]) -> None:
        url = f"{settings.provider_url}/v1/{notification['channel']}"
        requests.post(url, json=[notification], timeout=TIMEOUT_S).raise_for_status()

    return app


def work(settings: Settings) -> None:
    """Runs the worker until it is told to stop."""
    celery_app(settings).worker_main(
        ["worker", "--pool=threads", f"--concurrency={THREADS}", "--loglevel=WARNING"]
    )


def hand_over(settings: Settings, load: Path) -> Handed:
    """A task for each notification of the load, once a worker is there; what is none is left out.

    Raises:
        EurekeError: no worker came up.
    """
    app = celery_app(settings)
    _await_worker(app)
    send = app.tasks["send"]
    check = msgspec.json.Decoder(Notification).decode
    decode = msgspec.json.Decoder().decode
    begin_ns, tasks = time.monotonic_ns(), 0
    for value in (record[2] for some in pieces(load) for record in some):
        try:
            check(value)
        except msgspec.MsgspecError:
            continue
        send.delay(decode(value))
        tasks += 1
    return Handed(begin_ns, tasks)


def _await_worker(app: Celery) -> None:
    limit_s = time.monotonic() + WORKER_WITHIN_S
    while not app.control.ping(timeout=0.5):
        if time.monotonic() > limit_s:
            raise EurekeError(
                f"no worker of one task each answered within {WORKER_WITHIN_S:g} s",
                remedy="see its log, `eureke logs peer-worker`",
            )


def main() -> None:
    """Reads the arguments; works, or hands a load over."""
    parser = argparse.ArgumentParser(prog="eureke.peers.one_each")
    parser.add_argument("--work", action="store_true")
    parser.add_argument("--load", type=Path)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    settings = Settings.of_process()
    if given.work:
        work(settings)
        return
    try:
        given.out.write_bytes(msgspec.json.encode(hand_over(settings, given.load)))
    except EurekeError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
