"""The process of a Celery worker: `python -m eureke.pipeline.worker --lane bulk`."""

import argparse
import gc
import logging
import os
import sys
import threading
from contextlib import ExitStack
from typing import Any

from celery import Celery, signals

from eureke import exposed
from eureke.errors import EurekeError
from eureke.pipeline.app import TASK, celery_app
from eureke.pipeline.deliver import Deliverer, Delivery
from eureke.pipeline.gateway import Gateway
from eureke.pipeline.inbox import Inbox
from eureke.pipeline.pulse import Pulse, waiting_in, watch
from eureke.pipeline.receipts import Outcomes
from eureke.pipeline.worker_metrics import WorkerMetrics
from eureke.settings import Settings, announce_ready


def register(app: Celery, deliverer: Deliverer, pulse: Pulse) -> None:
    """Makes the deliver task known to the application."""

    @app.task(name=TASK, ignore_result=True)  # type: ignore[untyped-decorator]
    def deliver(**fields: Any) -> None:
        with pulse.task():
            deliverer.deliver(Delivery(**fields))


def serve(settings: Settings, lane_name: str) -> None:
    """Runs a worker until it is told to stop."""
    lane = settings.lane(lane_name)
    app = celery_app(settings, lane)
    pulse = Pulse(waiting_in(settings, lane))
    stopping = threading.Event()
    metrics = WorkerMetrics(lane_name)
    exposed.serve()
    with ExitStack() as clients:
        gateway = clients.enter_context(
            Gateway(settings.provider_url, deadline_s=settings.deadline_s, metrics=metrics)
        )
        outcomes = clients.enter_context(Outcomes(settings))
        register(
            app,
            Deliverer(
                settings,
                lane_name,
                inbox=Inbox(settings),
                gateway=gateway,
                outcomes=outcomes,
                metrics=metrics,
            ),
            pulse,
        )

        def ready(**_: Any) -> None:
            gc.collect()
            gc.freeze()
            announce_ready()
            threading.Thread(
                target=watch, args=(pulse,), kwargs={"stopping": stopping}, daemon=True
            ).start()

        signals.worker_ready.connect(ready, weak=False)
        clients.callback(stopping.set)
        app.worker_main(
            [
                "worker",
                "--pool=threads",
                f"--concurrency={settings.worker_threads}",
                f"--queues={lane.name}",
                f"--hostname={lane_name}-{os.getpid()}@%h",
                "--without-gossip",
                "--without-mingle",
                "--without-heartbeat",
                "--loglevel=WARNING",
            ]
        )


def main() -> None:
    """Reads the arguments and serves."""
    parser = argparse.ArgumentParser(prog="eureke.pipeline.worker")
    parser.add_argument("--lane", required=True)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    try:
        serve(Settings.of_process(), parser.parse_args().lane)
    except EurekeError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
