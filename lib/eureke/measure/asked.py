"""Servers that do not speak Prometheus' language, each asked in its own."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import redis
import requests
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from redis.backoff import NoBackoff
from redis.retry import Retry

from eureke.errors import ServiceFailed
from eureke.measure.lags import Lags
from eureke.measure.queues import Queues
from eureke.measure.sampler import read_samples
from eureke.settings import Settings

OLD_S: Final = 5.0
"""The sampler looks four times a second; what is older than this is no news of the host."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a server told, and how long a small request to it took."""

    round_trip_s: float
    metrics: list[Metric]


class Asked(Protocol):
    """A server that can be asked; it raises what its client raises."""

    def ask(self) -> Told:
        """What it says now."""


class Kafka:
    """Ends, commits and lag; the round trip is that of the request for the ends."""

    def __init__(self, settings: Settings, *, timeout_s: float) -> None:
        self._lags = Lags(settings, timeout_s=timeout_s)

    def ask(self) -> Told:
        """What it says now."""
        began_s = time.monotonic()
        ends = self._lags.ends()
        round_trip_s = time.monotonic() - began_s
        group = ["group", "topic", "partition"]
        end = GaugeMetricFamily(
            "eureke_kafka_end_offset", "Where the partition ends", labels=group[1:]
        )
        committed = GaugeMetricFamily(
            "eureke_kafka_committed_offset", "Where the group goes on", labels=group
        )
        lag = GaugeMetricFamily(
            "eureke_kafka_lag_records", "Records without an outcome", labels=group
        )
        for (topic, partition), offset in ends.items():
            end.add_metric([topic, str(partition)], offset)
        for each in self._lags.lags(ends):
            labels = [each.group, each.topic, str(each.partition)]
            committed.add_metric(labels, each.committed)
            lag.add_metric(labels, each.records)
        return Told(round_trip_s, [end, committed, lag])


_REDIS: Final = (
    (GaugeMetricFamily, "memory_used_bytes", "Memory in use", "used_memory"),
    (GaugeMetricFamily, "memory_max_bytes", "The most it may use; 0 for all", "maxmemory"),
    (GaugeMetricFamily, "clients", "Connections", "connected_clients"),
    (CounterMetricFamily, "commands", "Commands executed", "total_commands_processed"),
    (CounterMetricFamily, "evicted_keys", "Keys dropped for lack of memory", "evicted_keys"),
    (CounterMetricFamily, "hits", "Keys looked up that were there", "keyspace_hits"),
    (CounterMetricFamily, "misses", "Keys looked up that were not there", "keyspace_misses"),
)
"""Kind, name, meaning, and what INFO calls it."""


class Redis:
    """INFO, and Celery's queues where they are kept here; the round trip is that of a PING."""

    def __init__(self, name: str, url: str, *, queues: Queues | None, timeout_s: float) -> None:
        self._name = name
        self._queues = queues
        self._redis = redis.Redis.from_url(
            url,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            retry=Retry(NoBackoff(), 0),
        )

    def ask(self) -> Told:
        """What it says now."""
        began_s = time.monotonic()
        self._redis.ping()
        return Told(time.monotonic() - began_s, [*self._information(), *self._tasks()])

    def _information(self) -> Iterator[Metric]:
        found: dict[str, Any] = self._redis.info()
        for kind, name, meaning, field in _REDIS:
            if field in found:  # a given server may be a kind that leaves it out
                metric = kind(f"eureke_redis_{name}", meaning, labels=["server"])
                metric.add_metric([self._name], float(found[field]))
                yield metric

    def _tasks(self) -> Iterator[Metric]:
        if self._queues is None:
            return
        tasks = GaugeMetricFamily("eureke_queue_tasks", "Tasks in the queue", labels=["lane"])
        for queue in self._queues.look():
            tasks.add_metric([queue.lane], queue.waiting)
        yield tasks


_STATUS: Final = re.compile(
    r"Active connections: (\d+) \n.*\n (\d+) (\d+) (\d+) \n"
    r"Reading: (\d+) Writing: (\d+) Waiting: (\d+)"
)


class Nginx:
    """The page of its `stub_status`; the round trip is the page's own."""

    def __init__(self, url: str, *, timeout_s: float) -> None:
        self._url = url
        self._timeout_s = timeout_s
        self._session = requests.Session()

    def ask(self) -> Told:
        """What it says now."""
        began_s = time.monotonic()
        page = self._session.get(self._url, timeout=self._timeout_s)
        round_trip_s = time.monotonic() - began_s
        found = _STATUS.match(page.text)
        if found is None:
            raise ServiceFailed(
                f"{self._url} shows no stub_status: {page.text[:80]!r}",
                remedy="see that this Nginx was built with it, and that the location is right",
            )
        active, accepted, handled, asked, reading, writing, waiting = map(int, found.groups())
        connections = GaugeMetricFamily("eureke_nginx_connections", "Open", labels=["state"])
        states = {"active": active, "reading": reading, "writing": writing, "waiting": waiting}
        for state, count in states.items():
            connections.add_metric([state], count)
        return Told(
            round_trip_s,
            [
                connections,
                CounterMetricFamily("eureke_nginx_accepted", "Connections", value=accepted),
                CounterMetricFamily("eureke_nginx_handled", "Connections kept", value=handled),
                CounterMetricFamily("eureke_nginx_requests", "Requests", value=asked),
            ],
        )


class Host:
    """The sampler's last look at this machine and at the processes of the stack."""

    def __init__(self, samples: Path) -> None:
        self._samples = samples

    def ask(self) -> Told:
        """What it wrote last."""
        began_s = time.monotonic()
        samples = read_samples(self._samples, begin_ns=time.monotonic_ns() - 10**9)
        old_s = time.monotonic() - samples[-1].t_ns / 1e9 if samples else float("inf")
        if old_s > OLD_S:
            raise ServiceFailed(
                f"the sampler's last look is {old_s:.0f} s old", remedy="see `eureke status`"
            )
        last = samples[-1]
        cpu = CounterMetricFamily(
            "eureke_process_cpu_seconds", "CPU time by process", labels=["process"]
        )
        memory = GaugeMetricFamily(
            "eureke_process_resident_memory_bytes", "Memory by process", labels=["process"]
        )
        for name, usage in last.processes.items():
            cpu.add_metric([name], usage.cpu_s)
            memory.add_metric([name], usage.rss_bytes)
        return Told(
            time.monotonic() - began_s,
            [
                cpu,
                memory,
                GaugeMetricFamily(
                    "eureke_host_busy_cores", "Cores that were busy", value=last.cores_busy
                ),
                GaugeMetricFamily(
                    "eureke_host_memory_available_bytes",
                    "Memory that is left",
                    value=last.available_bytes,
                ),
                GaugeMetricFamily(
                    "eureke_host_disk_free_bytes", "Disk that is left", value=last.disk_free_bytes
                ),
            ],
        )
