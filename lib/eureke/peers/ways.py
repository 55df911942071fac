"""Other ways to send the same notifications with Celery, from the first version on.

`python -m eureke.peers.ways --way NAME --work` is a worker, `--load FOLDER --out FILE` hands a load
over to it. All of them are flattered: there is no Kafka, no policy, no receipt and no account, and
threads enough that the provider's latency is not what is measured.
"""

import argparse
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import requests
from celery import Celery
from requests.adapters import HTTPAdapter

from eureke.errors import EurekeError
from eureke.notification import Notification
from eureke.pipeline import transport
from eureke.settings import Settings
from eureke.world.load import pieces

THREADS: Final = 32
TIMEOUT_S: Final = 10.0
WORKER_WITHIN_S: Final = 30.0
BATCH: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How notifications become tasks, and tasks become requests."""

    name: str
    words: str
    items_per_task: int = 1
    items_per_post: int = 1
    tuned: bool = True
    """Connections are kept on both sides, many tasks are taken at a time, no worker chatters."""
    workers: int = 2
    """As many as the machine that this was measured on has cores."""


WAYS: Final = {
    way.name: way
    for way in (
        Way(name="naive", words="one task and one POST each", tuned=False, workers=1),
        Way(name="tuned", words="the same, tuned"),
        Way(name="tasks", words="batched tasks, one POST each", items_per_task=BATCH),
        Way(
            name="both",
            words="batched tasks and batched POSTs",
            items_per_task=BATCH,
            items_per_post=BATCH,
        ),
    )
}
"""By their names; each changes one thing of the one before."""

NAIVE: Final = WAYS["naive"]

_TUNED: Final = {
    "task_serializer": "msgpack",
    "accept_content": ["msgpack"],
    "worker_prefetch_multiplier": 8,
    "worker_send_task_events": False,
    "broker_heartbeat": 0,
}


class Handed(msgspec.Struct, frozen=True):
    """What was handed over, and when that began."""

    begin_ns: int
    notifications: int


def celery_app(settings: Settings, way: Way) -> Celery:
    """An application as Celery's first steps make it, without results; or a tuned one."""
    if way.tuned:
        transport.register()
    app = Celery(f"peer-{way.name}", broker=settings.redis_queue, set_as_current=False)
    app.conf.update(
        task_default_queue=f"{settings.prefix}.peer-{way.name}",
        task_ignore_result=True,
        worker_hijack_root_logger=False,
        **(_TUNED if way.tuned else {}),
    )
    kept = threading.local()

    def post(url: str, items: list[dict[str, Any]]) -> None:
        if not way.tuned:
            requests.post(url, json=items, timeout=TIMEOUT_S).raise_for_status()
            return
        if not hasattr(kept, "session"):
            kept.session = requests.Session()
            kept.session.mount("http://", HTTPAdapter(pool_connections=1, pool_maxsize=1))
        body = msgspec.json.encode(items)
        kept.session.post(url, data=body, timeout=TIMEOUT_S).raise_for_status()

    @app.task(name="send")  # type: ignore[untyped-decorator]
    def send(notifications: list[dict[str, Any]]) -> None:
        url = f"{settings.provider_url}/v1/{notifications[0]['channel']}"
        for begin in range(0, len(notifications), way.items_per_post):
            post(url, notifications[begin : begin + way.items_per_post])

    return app


def work(settings: Settings, way: Way) -> None:
    """Runs the worker until it is told to stop."""
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"] if way.tuned else []
    celery_app(settings, way).worker_main(
        ["worker", "--pool=threads", f"--concurrency={THREADS}", "--loglevel=WARNING", *quiet]
    )


def hand_over(settings: Settings, way: Way, load: Path) -> Handed:
    """Tasks for all notifications of the load, once a worker is there; what is none is left out.

    Raises:
        EurekeError: no worker came up.
    """
    app = celery_app(settings, way)
    _await_workers(app, way.workers)
    send = app.tasks["send"]
    begin_ns, count = time.monotonic_ns(), 0
    if not way.tuned:
        for notifications in _tasks(load, way.items_per_task):
            send.delay(notifications)
            count += len(notifications)
        return Handed(begin_ns, count)
    with app.producer_or_acquire() as producer:
        for notifications in _tasks(load, way.items_per_task):
            send.apply_async((notifications,), producer=producer)
            count += len(notifications)
    return Handed(begin_ns, count)


def _tasks(load: Path, most: int) -> Iterator[list[dict[str, Any]]]:
    """The notifications of a load, so many a task, those of a task for one channel."""
    check = msgspec.json.Decoder(Notification).decode
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    waiting: dict[str, list[dict[str, Any]]] = {}
    for value in (record[2] for some in pieces(load) for record in some):
        try:
            channel = check(value).channel
        except msgspec.MsgspecError:
            continue
        some = waiting.setdefault(channel, [])
        some.append(decode(value))
        if len(some) == most:
            yield waiting.pop(channel)
    yield from waiting.values()


def _await_workers(app: Celery, count: int) -> None:
    limit_s = time.monotonic() + WORKER_WITHIN_S
    while len(app.control.ping(timeout=0.5)) < count:
        if time.monotonic() > limit_s:
            raise EurekeError(
                f"fewer than {count} workers answered within {WORKER_WITHIN_S:g} s",
                remedy="see their logs, `eureke logs peer-worker-1`",
            )


def main() -> None:
    """Reads the arguments; works, or hands a load over."""
    parser = argparse.ArgumentParser(prog="eureke.peers.ways")
    parser.add_argument("--way", choices=WAYS, required=True)
    parser.add_argument("--work", action="store_true")
    parser.add_argument("--load", type=Path)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    settings, way = Settings.of_process(), WAYS[given.way]
    if given.work:
        work(settings, way)
        return
    try:
        given.out.write_bytes(msgspec.json.encode(hand_over(settings, way, given.load)))
    except EurekeError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
