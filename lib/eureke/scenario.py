"""What a run is: one frozen dataclass, read alike from papermill, TOML and the command line."""

import difflib
import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import msgspec

from eureke.errors import BadParameter

HOURLY_RATE_PER_S: Final = 1_000_000 / 3600
ENTRANCES: Final = ("kafka", "api")
BALANCERS: Final = ("least_conn", "round_robin", "none")
ARRIVALS: Final = ("constant", "poisson")
AT_LEAST_ONE: Final = (
    "count",
    "users",
    "partitions",
    "dispatchers",
    "workers",
    "worker_threads",
    "batch_max",
    "batch_direct",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """The load, the world it meets and the size of the system; all that makes runs comparable."""

    name: str = "hourly-million"
    seed: int = 7
    # The load
    count: int = 20_000
    """Notifications sent as fast as it goes."""
    open_loop_s: float = 10.0
    """Seconds of open loop after it; 0 leaves it out."""
    rate_per_s: float = HOURLY_RATE_PER_S
    """Offered load of the open loop."""
    arrivals: str = "constant"
    entrance: str = "kafka"
    """Where notifications come in: straight into Kafka, or by the API."""
    urgent_per_s: float = 10.0
    """Urgent notifications sent beside them, in a lane of their own; 0 leaves them out."""
    warm_up: int = 5_000
    """Tagged notifications before the clock starts."""
    input: str = ""
    """A file of one's own notifications, sent in place of the population's."""
    outages_s: tuple[float, ...] = ()
    """For each, a provider that is away for so many seconds of an open loop."""
    storms_s: tuple[float, ...] = ()
    """For each, a provider that answers 429 to everything for so many seconds of an open loop."""
    one_each: int = 0
    """A sample sent with one task and one POST for each, to compare with; 0 leaves it out."""
    # The population
    users: int = 100_000
    duplicate_share: float = 0.01
    malformed_share: float = 0.001
    rejected_share: float = 0.0005
    """Share of notifications whose recipient the provider refuses for good."""
    expired_share: float = 0.002
    """Share of notifications that were out of date when they were made."""
    opted_out_share: float = 0.02
    """Share of users who have refused a channel, for each channel."""
    quiet_share: float = 0.05
    """Share of users with quiet hours, from 22:00 to 7:00 of their own clock."""
    capped_share: float = 0.02
    """Share of users who want no more than a few notifications in five minutes."""
    # The provider
    latency_median_ms: float = 20.0
    latency_sigma: float = 0.4
    """Spread of the log-normal latency."""
    item_failure_share: float = 0.005
    """Share of items that fail at first and pass when tried again."""
    unavailable_share: float = 0.0
    """Share of requests answered 503."""
    throttled_share: float = 0.0
    """Share of requests answered 429 with Retry-After."""
    stalled_share: float = 0.0
    """Share of requests that are answered after the client's deadline."""
    reset_before_share: float = 0.0
    """Share of requests whose connection is reset before the effect."""
    reset_after_share: float = 0.0
    """Share of requests whose connection is reset after the effect."""
    honours_keys: bool = True
    """Whether the provider takes an idempotency key only once."""
    open_loop_latency_median_ms: float = 0.0
    """Provider latency during the open loop, whose provider adds nothing of its own."""
    open_loop_item_failure_share: float = 0.0
    """Share of items that fail at first during the open loop."""
    # The system under test
    partitions: int = 4
    dispatchers: int = 1
    workers: int = 1
    apis: int = 0
    """Replicas of the API; none where nothing comes in by it."""
    balancer: str = "least_conn"
    """How Nginx chooses among two replicas or more; with `none` there is no Nginx."""
    monitoring: bool = False
    """Whether Prometheus watches."""
    scrape_interval_s: float = 2.0
    """How often it asks every process; every second costs twice as much."""
    worker_threads: int = 8
    """Tasks that each worker has under way at a time."""
    batch_max: int = 2000
    """Most notifications of one task."""
    batch_direct: int = 200
    """Fewer than this at a time have no backlog behind them: they do not wait for a full batch."""
    gather_ms: float = 20.0
    """Only so long, and only while another batch of their channel is under way; 0: not at all."""
    provider_items_per_request: int = 500
    deadline_s: float = 5.0
    """The longest that one attempt at a batch may take."""
    retry_horizon_s: float = 60.0
    """An item that failed for this long, pauses left out, becomes a dead letter."""

    @property
    def replicas(self) -> int:
        """How many replicas of the API there are: one at least where it is the entrance."""
        return self.apis or int(self.entrance == "api")

    @property
    def balanced(self) -> bool:
        """Whether there is an Nginx before the replicas."""
        return self.replicas > 1 and self.balancer != "none"

    def __post_init__(self) -> None:
        for problem in _problems(self):
            raise problem

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Scenario":
        """The scenario of named values; unknown names and wrong types raise BadParameter."""
        check_names(values, allowed=(field.name for field in fields(cls)))
        try:
            return msgspec.convert(dict(values), type=cls)
        except msgspec.ValidationError as error:
            raise BadParameter(
                f"the scenario cannot be read: {error}",
                remedy="give the value in the type shown by `eureke scenario`",
            ) from error

    @classmethod
    def read(cls, path: Path) -> "Scenario":
        """The scenario of a TOML file."""
        try:
            return cls.of(tomllib.loads(path.read_text()))
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise BadParameter(
                f"the scenario file {path} cannot be read: {error}",
                remedy="see benchmarks/hourly-million.toml for one that can",
            ) from error


def check_names(names: Iterable[str], *, allowed: Iterable[str]) -> None:
    """Raises BadParameter for the first name that is not allowed, and offers the nearest one."""
    known = list(allowed)
    for name in names:
        if name not in known:
            raise BadParameter(f"there is no parameter {name!r}", remedy=nearest(name, known))


def nearest(name: str, known: Sequence[str]) -> str:
    """The remedy for a name that nothing has: the one that was meant, or all there are."""
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"one of: {', '.join(known)}"


def _problems(scenario: Scenario) -> Iterable[BadParameter]:
    yield from _unknown_words(scenario)
    for field in fields(scenario):
        yield from _impossible(field.name, getattr(scenario, field.name))
    if scenario.rate_per_s == 0:
        yield BadParameter(
            "rate_per_s is 0", remedy="give a rate above 0, or open_loop_s = 0 for no open loop"
        )
    if scenario.scrape_interval_s == 0:
        yield BadParameter("scrape_interval_s is 0", remedy="give it some time between: 2 seconds")
    if scenario.deadline_s == 0:
        yield BadParameter("deadline_s is 0", remedy="an attempt needs some time: give more than 0")
    if scenario.retry_horizon_s < scenario.deadline_s:
        yield BadParameter(
            f"retry_horizon_s is {scenario.retry_horizon_s:g}, "
            f"and a single attempt may take {scenario.deadline_s:g} s",
            remedy="give a longer retry_horizon_s, or a shorter deadline_s",
        )
    if scenario.provider_items_per_request < 1:
        yield BadParameter(
            f"provider_items_per_request is {scenario.provider_items_per_request}",
            remedy="a request carries at least 1 item",
        )


def _impossible(name: str, value: Any) -> Iterable[BadParameter]:
    if not all(map(math.isfinite, _numbers(value))):
        yield BadParameter(f"{name} is {value}", remedy=f"give {name} as a finite number")
    elif name.endswith("_share") and not 0 <= value <= 1:
        yield BadParameter(f"{name} is {value}", remedy="a share lies between 0 and 1")
    elif name in AT_LEAST_ONE and value < 1:
        yield BadParameter(f"{name} is {value}", remedy=f"{name} must be at least 1")
    elif any(each < 0 for each in _numbers(value)):
        yield BadParameter(f"{name} is {value}", remedy=f"{name} cannot be negative")


def _unknown_words(scenario: Scenario) -> Iterable[BadParameter]:
    words = (("arrivals", ARRIVALS), ("balancer", BALANCERS), ("entrance", ENTRANCES))
    for name, allowed in words:
        if getattr(scenario, name) not in allowed:
            yield BadParameter(
                f"{name} is {getattr(scenario, name)!r}", remedy=f"one of: {', '.join(allowed)}"
            )


def _numbers(value: Any) -> tuple[float, ...]:
    values = value if isinstance(value, tuple) else (value,)
    return tuple(each for each in values if isinstance(each, (int, float)))
