"""What a process tells Prometheus of itself, where the stack has named a place for it.

A process that goes on serves its metrics on a port. One that ends by itself, such as a sender,
would be gone before it is asked a last time: it writes them into a file, which the exporter reads.
"""

import os
import threading
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    disable_created_metrics,
    generate_latest,
    start_http_server,
    write_to_textfile,
)
from prometheus_client.core import REGISTRY, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from eureke.errors import EurekeError

METRICS_VARIABLE: Final = "EUREKE_METRICS"
"""Environment variable with the host and the port at which this process serves its metrics."""
METRICS_FILE_VARIABLE: Final = "EUREKE_METRICS_FILE"
"""Environment variable with the path of the file that a process which ends by itself writes."""
NOBODY: Final = "none"
"""The label of what somebody made up: a channel or a route that is none would never end."""
BUCKETS_S: Final = (
    *(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05),
    *(0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0),
)
"""From a hop within the machine to a backlog; at the hourly rate a stage takes 1 to 30 ms."""

# For each counter a series more, which nobody asks for.
disable_created_metrics()  # type: ignore[no-untyped-call]


class Durations(Collector):
    """A histogram of seconds in which one observation may count for many."""

    def __init__(
        self,
        name: str,
        documentation: str,
        labels: Sequence[str],
        *,
        buckets_s: Sequence[float] = BUCKETS_S,
        registry: CollectorRegistry = REGISTRY,
    ) -> None:
        self._name, self._documentation, self._labels = name, documentation, labels
        self._buckets_s = buckets_s
        self._counts: dict[tuple[str, ...], list[int]] = {}
        self._sums_s: dict[tuple[str, ...], float] = {}
        self._changing = threading.Lock()
        registry.register(self)

    def observe(self, *labels: str, seconds: float, times: int = 1) -> None:
        """Notes that something took so long, for so many at once."""
        self.observe_all(*labels, seconds=[seconds], times=times)

    def observe_all(self, *labels: str, seconds: Sequence[float], times: int = 1) -> None:
        """Notes how long each of several took."""
        with self._changing:
            counts = self._counts.setdefault(labels, [0] * (len(self._buckets_s) + 1))
            for each in seconds:
                counts[bisect_left(self._buckets_s, each)] += times
            self._sums_s[labels] = self._sums_s.get(labels, 0.0) + sum(seconds) * times

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """As Prometheus wants it: each bucket with those below it."""
        family = HistogramMetricFamily(self._name, self._documentation, labels=self._labels)
        bounds = [*map(str, self._buckets_s), "+Inf"]
        with self._changing:
            for labels, counts in self._counts.items():
                buckets = list(zip(bounds, accumulate(counts), strict=True))
                family.add_metric(labels, buckets, self._sums_s[labels])
        yield family


class Late(Collector):
    """Something that is done before the metrics registered after it are told.

    For counts that are cheaper to add many at a time: a registry asks its collectors in the order
    in which they came.
    """

    def __init__(self, *, registry: CollectorRegistry = REGISTRY) -> None:
        self.do: Callable[[], None] = lambda: None
        """What is done."""
        registry.register(self)

    def describe(self) -> Iterator[Metric]:
        """Nothing of its own."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Does it, and tells nothing."""
        self.do()
        return iter(())


def serve(environment: Mapping[str, str] = os.environ) -> None:
    """Serves this process's metrics, by a thread that sleeps until it is asked.

    Raises:
        EurekeError: the port is taken.
    """
    address = environment.get(METRICS_VARIABLE)
    if not address:
        return
    host, _, port = address.rpartition(":")
    try:
        start_http_server(int(port), host)
    except OSError as error:
        raise EurekeError(
            f"the metrics cannot be served at {address}: {error}",
            remedy="start the stack again: it chooses another port",
        ) from error


def write(registry: CollectorRegistry, environment: Mapping[str, str] = os.environ) -> None:
    """Writes metrics into the file of this process, as a whole."""
    path = environment.get(METRICS_FILE_VARIABLE)
    if path:
        write_to_textfile(path, registry)


def text() -> bytes:
    """The metrics of this process as Prometheus reads them."""
    return generate_latest()
