"""One load on its way: what is sent, how far the system is with it, and when it is over."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from eureke.scenario import Scenario
from eureke.settings import Settings

LOOK_S = 0.2
QUIET_S = 45.0
"""Nothing sent and no outcome for so long: what is missing will not come by itself."""

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
    tag: str = ""

    @property
    def open_loop(self) -> bool:
        """Whether the send times are fixed in advance."""
        return self.arrivals != "flat-out"


def warm_up(scenario: Scenario) -> Plan:
    """A tagged load that no account counts: connections, caches and just-in-time compilers."""
    return _plan(scenario, name="warm-up", count=scenario.warm_up, tag="warm-up")


def flat_out(scenario: Scenario) -> Plan:
    """The whole load as fast as it goes: throughput, never latency."""
    return _plan(scenario, name="flat-out", count=scenario.count)


def open_loop(scenario: Scenario) -> Plan:
    """A load whose send times are fixed in advance: latency."""
    return _plan(
        scenario,
        name="open-loop",
        count=max(1, round(scenario.open_loop_s * scenario.rate_per_s)),
        arrivals=scenario.arrivals,
        latency_median_ms=scenario.open_loop_latency_median_ms,
        item_failure_share=scenario.open_loop_item_failure_share,
    )


def _plan(scenario: Scenario, **other: Any) -> Plan:
    values: dict[str, Any] = {
        "arrivals": "flat-out",
        "rate_per_s": scenario.rate_per_s,
        "latency_median_ms": scenario.latency_median_ms,
        "item_failure_share": scenario.item_failure_share,
    }
    return Plan(**(values | other))


class Lag:
    """How many records of a lane have no outcome yet: its group commits nothing before."""

    def __init__(self, settings: Settings, lane_name: str) -> None:
        lane = settings.lane(lane_name)
        self._consumer = Consumer(
            {"bootstrap.servers": settings.kafka, "group.id": lane.group, "log_level": 2}
        )
        self._places = [TopicPartition(lane.topic, each) for each in range(settings.partitions)]

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
