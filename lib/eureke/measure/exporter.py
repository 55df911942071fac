"""The exporter: `python -m eureke.measure.exporter --samples FILE --metrics FOLDER`.

Tells Prometheus of servers that do not tell of themselves in its words, and passes on what senders
wrote, who end before they are asked a last time. It asks when it is asked, all at once; whoever is
away is `eureke_exporter_up 0`, and that is all.
"""

import argparse
import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from types import FrameType
from typing import Final

import redis
import requests
from confluent_kafka import KafkaException
from prometheus_client.core import REGISTRY, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from eureke import exposed
from eureke.errors import EurekeError
from eureke.measure.asked import Asked, Host, Kafka, Nginx, Redis, Told
from eureke.measure.queues import Queues
from eureke.measure.written import Written
from eureke.settings import Settings, announce_ready

log = logging.getLogger("exporter")
TIMEOUT_S: Final = 0.7
"""Of all questions together: a scrape ends within its second, whoever is away."""
THREADS: Final = 5
"""One for each server."""
AWAY: Final = (redis.RedisError, KafkaException, requests.RequestException, OSError, EurekeError)


class Exporter(Collector):
    """Asks all servers when it is asked itself."""

    def __init__(self, servers: Callable[[], Mapping[str, Asked]], metrics: Path) -> None:
        self._servers = servers
        self._written = Written(metrics)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="asking")
        self._asking: dict[str, Future[Told]] = {}
        self._one_at_a_time = threading.Lock()

    def describe(self) -> Iterator[Metric]:
        """Nothing beforehand: what there is depends on who answers."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """What every server says now."""
        up = GaugeMetricFamily("eureke_exporter_up", "Whether it answers", labels=["server"])
        trip = GaugeMetricFamily(
            "eureke_exporter_round_trip_seconds", "How long a request took", labels=["server"]
        )
        found: dict[str, Metric] = {}
        with self._one_at_a_time:
            for name, told in self._ask():
                up.add_metric([name], float(told is not None))
                if told is not None:
                    trip.add_metric([name], told.round_trip_s)
                    _merge(found, told.metrics)
        _merge(found, self._written.metrics())
        yield from (up, trip, *found.values())

    def _ask(self) -> Iterator[tuple[str, Told | None]]:
        """What each server says; None of one that is away, or that was too slow."""
        before = self._asking
        self._asking = {
            # One that has not answered yet is not asked once more.
            name: before[name]
            if name in before and not before[name].done()
            else self._pool.submit(server.ask)
            for name, server in self._servers().items()
        }
        wait(self._asking.values(), timeout=TIMEOUT_S)
        for name, asking in self._asking.items():
            try:
                yield name, asking.result(timeout=0)
            except (*AWAY, TimeoutError) as error:
                log.warning("%s is away: %s", name, error or "it was too slow")
                yield name, None


def _merge(found: dict[str, Metric], metrics: Iterable[Metric]) -> None:
    """Puts what several say of the same thing under one name, as the format wants it."""
    for metric in metrics:
        if metric.name not in found:
            found[metric.name] = Metric(metric.name, metric.documentation, metric.type)
        found[metric.name].samples += metric.samples


class Servers:
    """Those of the stack that do not tell of themselves; Nginx may come while it runs."""

    def __init__(self, settings: Settings, samples: Path) -> None:
        queue, cache = "redis-queue", "redis-cache"
        queues = Queues(settings, timeout_s=TIMEOUT_S)
        self._always: dict[str, Asked] = {
            "kafka": Kafka(settings, timeout_s=TIMEOUT_S),
            queue: Redis(queue, settings.redis_queue, queues=queues, timeout_s=TIMEOUT_S),
            cache: Redis(cache, settings.redis_cache, queues=None, timeout_s=TIMEOUT_S),
            "host": Host(samples),
        }
        self._nginx: dict[str, Asked] = {}

    def now(self) -> Mapping[str, Asked]:
        """Those that there are now."""
        url = Settings.of_process().nginx_status_url
        if url and not self._nginx:
            self._nginx["nginx"] = Nginx(url, timeout_s=TIMEOUT_S)
        return self._always | self._nginx


def main() -> None:
    """Reads the arguments and serves until SIGTERM."""
    parser = argparse.ArgumentParser(prog="eureke.measure.exporter")
    parser.add_argument("--samples", type=Path, required=True)
    parser.add_argument("--metrics", type=Path, required=True)
    given = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    try:
        servers = Servers(Settings.of_process(), given.samples)
        REGISTRY.register(Exporter(servers.now, given.metrics))
        exposed.serve()
    except EurekeError as error:
        sys.exit(str(error))
    announce_ready()
    stopping.wait()


if __name__ == "__main__":
    main()
