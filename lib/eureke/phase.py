"""What a phase of a run sends, how far the system is with it, and what became of it."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from confluent_kafka import Consumer, TopicPartition

from eureke.measure.account import Account
from eureke.measure.latency import Percentiles
from eureke.notification import Priority
from eureke.scenario import Scenario
from eureke.settings import Settings

Disturb = Callable[[float], None]
"""Is told at every look which share of the load has its outcome; faults are injected here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one phase sends, and how the provider behaves meanwhile."""

    name: str
    count: int
    arrivals: str
    rate_per_s: float
    latency_median_ms: float
    item_failure_share: float
    lane: str = "bulk"
    priority: Priority = "bulk"
    tag: str = ""
    to: tuple[str, ...] = ()
    """Addresses of the API to send to in turn, in place of the stack's own."""

    @property
    def open_loop(self) -> bool:
        """Whether the send times are fixed in advance."""
        return self.arrivals != "flat-out"


def warm_up(scenario: Scenario) -> Plan:
    """A tagged load that no account counts: connections, caches and just-in-time compilers."""
    return plan(scenario, name="warm-up", count=scenario.warm_up, tag="warm-up")


def warm_up_urgent(scenario: Scenario) -> Plan:
    """A few for the urgent lane, sent beside the other warm-up."""
    return plan(
        scenario,
        name="warm-up-urgent",
        count=500,
        arrivals="constant",
        rate_per_s=50.0,
        lane="urgent",
        priority="urgent",
        tag="warm-up",
    )


def flat_out(scenario: Scenario) -> Plan:
    """The whole load as fast as it goes: throughput, never latency."""
    return plan(scenario, name="flat-out", count=scenario.count)


def urgent(scenario: Scenario, *, lane: str = "urgent") -> Plan | None:
    """Urgent notifications for as long as the flat-out load takes; None where there are none.

    Their sender is told when to stop, so there are more of them than will be sent.
    """
    if not scenario.urgent_per_s:
        return None
    longest_s = 60 + scenario.count / 2_000
    return plan(
        scenario,
        name="urgent" if lane == "urgent" else f"urgent-in-{lane}",
        count=round(longest_s * scenario.urgent_per_s),
        arrivals="constant",
        rate_per_s=scenario.urgent_per_s,
        lane=lane,
        priority="urgent",
    )


def one_lane(scenario: Scenario) -> Plan:
    """The flat-out load once more, to be sent with the urgent ones in the same lane."""
    return plan(scenario, name="one-lane", count=scenario.count)


def open_loop(scenario: Scenario) -> Plan:
    """A load whose send times are fixed in advance: latency."""
    return plan(
        scenario,
        name="open-loop",
        count=max(1, round(scenario.open_loop_s * scenario.rate_per_s)),
        arrivals=scenario.arrivals,
        latency_median_ms=scenario.open_loop_latency_median_ms,
        item_failure_share=scenario.open_loop_item_failure_share,
    )


def plan(scenario: Scenario, **other: Any) -> Plan:
    """A flat-out load of the scenario, but for what is named."""
    values: dict[str, Any] = {
        "arrivals": "flat-out",
        "rate_per_s": scenario.rate_per_s,
        "latency_median_ms": scenario.latency_median_ms,
        "item_failure_share": scenario.item_failure_share,
    }
    return Plan(**(values | other))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A provider that is away for everybody: cut off, or answering 429 to all."""

    kind: Literal["down", "storm"]
    seconds: float

    @property
    def name(self) -> str:
        """A name for phases and files."""
        return f"{self.kind}-{self.seconds:g}s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Toll:
    """What an outage cost."""

    gone_s: float
    """From the phase's first send."""
    back_s: float
    drained_s: float
    """From the provider's return until all that was sent before it was delivered."""
    refused: int
    """Batches that came back whole, their channel paused."""
    retried: int
    """Items that came back one by one, an attempt each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One load that is over: what became of it and how long it took."""

    name: str
    account: Account
    """Of everything that was sent meanwhile, urgent notifications included."""
    sent: int
    began_ns: int
    """When the first was sent, or a drained load let go; by the monotonic clock."""
    wall_s: float
    """From the first send to the last receipt."""
    offered_per_s: float | None
    achieved_per_s: float
    system_cpu_s: float
    equipment_cpu_s: float
    yardstick_cpu_s: float
    """Of it, what measures the machine: provider and observer."""
    peak_rss_mib: float
    limiter: str
    restarts: dict[str, int]
    effect_ms: Percentiles | None = None
    receipt_ms: Percentiles | None = None
    urgent_ms: Percentiles | None = None
    """Of the urgent notifications sent beside it, to their receipt."""
    send_lag_p99_ms: float | None = None
    waited: int = 0
    """Requests that had to wait for a connection of the sender's."""
    provider_busy: float = 0.0
    outage: Outage | None = None
    """What it was for, where the provider was away meanwhile."""
    toll: Toll | None = None

    @property
    def throughput_per_s(self) -> float:
        """The whole load by the whole time: never a peak."""
        return self.sent / self.wall_s if self.wall_s else 0.0


class Lag:
    """How many records of a lane have no outcome yet: its group commits nothing before."""

    def __init__(self, settings: Settings, lane_name: str) -> None:
        lane = settings.lane(lane_name)
        self._consumer = Consumer({**settings.kafka_client, "group.id": lane.group, "log_level": 2})
        self._places = [TopicPartition(lane.topic, each) for each in range(lane.partitions)]

    def __enter__(self) -> "Lag":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._consumer.close()

    def now(self) -> tuple[int, int]:
        """Records with an outcome and records in all, since the topic was made.

        Raises:
            KafkaException: Kafka does not answer within two seconds.
        """
        committed = self._consumer.committed(self._places, timeout=2)
        ends = [self._consumer.get_watermark_offsets(at, timeout=2)[1] for at in self._places]
        return sum(max(at.offset, 0) for at in committed), sum(ends)


@dataclass(slots=True)
class Quiet:
    """Notices that a thing has not changed for too long."""

    limit_s: float
    clock: Callable[[], float] = time.monotonic
    _seen: Any = None
    _since_s: float = field(default=0.0)

    def too_long(self, value: Any) -> bool:
        """Whether the value has been the same for longer than the limit."""
        now_s = self.clock()
        if value != self._seen:
            self._seen, self._since_s = value, now_s
        return now_s - self._since_s > self.limit_s


def sender_progress(sent: Path) -> dict[str, Any]:
    """What the sender last said of itself; empty before it begins."""
    try:
        state: dict[str, Any] = json.loads(sent.with_name(sent.name + ".progress").read_bytes())
    except FileNotFoundError:
        return {}
    return state
