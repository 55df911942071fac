"""What a sender tells Prometheus: a few times a second, and at its end."""

from collections.abc import Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter

from eureke import exposed
from eureke.world.errand import Errand

_LABELS: Final = ("sender", "lane", "tag")


class SenderMetrics:
    """The metrics of one sender, in a file of its own."""

    def __init__(self, errand: Errand) -> None:
        self._labels = (errand.load.name, errand.lane, errand.tag)
        self._registry = CollectorRegistry()
        sent = Counter(
            "eureke_sender_sent", "Records sent so far", _LABELS, registry=self._registry
        )
        self._sent = sent.labels(*self._labels)
        self._records = Counter(
            "eureke_sender_records",
            "Records by what is known of them at the end",
            (*_LABELS, "fate"),
            registry=self._registry,
        )
        self._lag = exposed.Durations(
            "eureke_sender_lag_seconds",
            "How late a record of a paced load was sent",
            _LABELS,
            registry=self._registry,
        )
        self._told = 0

    def late(self, seconds: float) -> None:
        """Notes how late a record was sent."""
        self._lag.observe(*self._labels, seconds=seconds)

    def write(self, sent: int, fates: Mapping[str, int]) -> None:
        """Writes the file anew.

        Args:
            sent: how many were sent so far.
            fates: how many there are of each fate, once that is known.
        """
        self._sent.inc(sent - self._told)
        self._told = sent
        for fate, count in fates.items():
            self._records.labels(*self._labels, fate).inc(count)
        exposed.write(self._registry)
