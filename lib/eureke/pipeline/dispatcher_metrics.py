"""What a dispatcher tells Prometheus: once a poll or a batch, never once a record."""

import time
from collections.abc import Mapping, Sequence
from typing import Final

from prometheus_client import Counter, Gauge

from eureke.exposed import Durations
from eureke.notification import CHANNELS, Unfinished
from eureke.pipeline.batch import Batch
from eureke.pipeline.channels import Channels
from eureke.pipeline.flight import InFlight
from eureke.pipeline.records import Record

OUTCOMES: Final = (
    "delivered", "suppressed", "expired", "duplicate", "malformed", "dead_lettered"
)  # fmt: skip

_LANE: Final = ("lane",)
RECORDS: Final = Counter("eureke_dispatcher_records", "Records read from the lane's topic", _LANE)
SETTLED: Final = Counter(
    "eureke_dispatcher_outcomes", "Records whose outcome Kafka has", ["lane", "outcome"]
)
BATCHES: Final = Counter("eureke_dispatcher_batches", "Batches handed to Celery at first", _LANE)
AGAIN: Final = Counter("eureke_dispatcher_batches_again", "Batches handed to Celery again", _LANE)
IN_FLIGHT: Final = Gauge("eureke_dispatcher_in_flight_batches", "Batches without a receipt", _LANE)
WAITING: Final = Gauge(
    "eureke_dispatcher_waiting_notifications", "Notifications that are to be tried again", _LANE
)
PARKED: Final = Gauge(
    "eureke_dispatcher_parked_notifications", "Notifications that wait for a paused channel", _LANE
)
PAUSED: Final = Gauge(
    "eureke_dispatcher_channel_paused",
    "Whether the provider of a channel is away",
    ["lane", "channel"],
)
PROGRESS: Final = Gauge(
    "eureke_dispatcher_progress_timestamp_seconds", "When a committed offset last moved", _LANE
)
STAGES: Final = Durations(
    "eureke_dispatcher_stage_seconds",
    "Time of a delivered notification in a stage; of a record read, in Kafka",
    ["lane", "stage"],
)


class DispatcherMetrics:
    """The metrics of one lane's dispatcher."""

    def __init__(self, lane: str, *, flight: InFlight, channels: Channels) -> None:
        self._lane = lane
        self._records = RECORDS.labels(lane)
        self.progressed()  # one that has just begun is not late
        self._batches, self._again = BATCHES.labels(lane), AGAIN.labels(lane)
        self._settled = {outcome: SETTLED.labels(lane, outcome) for outcome in OUTCOMES}
        # These are looked up when somebody asks, and cost nothing until then.
        IN_FLIGHT.labels(lane).set_function(lambda: len(flight))
        WAITING.labels(lane).set_function(lambda: flight.waiting)
        PARKED.labels(lane).set_function(lambda: channels.parked)
        for channel in CHANNELS:
            PAUSED.labels(lane, channel).set_function(
                lambda name=channel: channels.paused(name)  # type: ignore[misc]
            )

    def read(self, records: Sequence[Record]) -> None:
        """Counts what one poll brought; the age of its first record stands for all of them."""
        if records:
            self._records.inc(len(records))
            _, created_ms = records[0].timestamp()
            age_s = max(0.0, time.time() - created_ms / 1000)
            STAGES.observe(self._lane, "kafka", seconds=age_s, times=len(records))

    def sent(self, *, again: bool) -> None:
        """Counts a batch that is handed to Celery."""
        (self._again if again else self._batches).inc()

    def settled(self, counts: Mapping[str, int]) -> None:
        """Counts records by their outcome."""
        for outcome, count in counts.items():
            self._settled[outcome].inc(count)

    def heard(self, batch: Batch, receipt: Unfinished, *, now_ns: int) -> None:
        """Counts what a receipt says was delivered, and where the time of those went."""
        delivered = len(batch) - len(receipt.rejected) - len(receipt.retry)
        if receipt.refused or not delivered:
            return
        self.settled({"delivered": delivered})
        begin_ns = batch.polled_ns
        for stage, end_ns in (
            ("dispatch", receipt.queued_ns),
            ("queue", receipt.started_ns),
            ("provider", receipt.answered_ns),
            ("receipt", now_ns),
        ):
            STAGES.observe(self._lane, stage, seconds=(end_ns - begin_ns) / 1e9, times=delivered)
            begin_ns = end_ns

    def progressed(self) -> None:
        """Notes that a committed offset has moved."""
        PROGRESS.labels(self._lane).set_to_current_time()
