"""Each topic, queue, version and limit once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import quote

import msgspec

from eureke.errors import BadParameter, EurekeError

KAFKA_VERSION: Final = "4.3.1"
IMAGES: Final = {
    "kafka": f"apache/kafka:{KAFKA_VERSION}",
    "grafana": "grafana/grafana:11.6.0",
    "nginx": "nginx:1.22.1",
    "redis": "redis:7.0.15",
    "postgres": "postgres:15",
    "prometheus": "prom/prometheus:v2.42.0",
    "python": "python:3.11-slim",
    "reaper": "testcontainers/ryuk:0.8.1",
}
"""The images of servers, by what they are; our own is built on `python`."""
PRIORITY_SEPARATOR: Final = ":"
PRIORITY_URGENT, PRIORITY_BULK = 0, 9
"""Celery's priorities on Redis: the lower goes first."""
SETTINGS_VARIABLE: Final = "EUREKE_SETTINGS"
"""Environment variable with the path of the settings file; it holds passwords, so never argv."""
LANES: Final = ("bulk", "urgent")
"""A million bulk notifications in the log must not move the urgent ones: nothing is shared."""
PASSWORD_VARIABLE: Final = "EUREKE_PASSWORD"  # noqa: S105  its name, not its value
SCOPES: Final = ("read", "write")
"""What a token of the API may do; each may do what those before it may."""
API_HOSTS: Final = ("127.0.0.1", "localhost", "[::1]")
API_BODY_BYTES_MOST: Final = 1 << 20
API_MANY_BYTES_MOST: Final = 32 << 20
"""Of a body with many notifications."""
API_IDLE_S: Final = 75
"""How long a replica of the API keeps a connection without a request."""
READY_VARIABLE: Final = "EUREKE_READY"
"""Environment variable with the path of the file that a process makes once it is ready."""


@dataclass(frozen=True, slots=True)
class Lane:
    """A topic with a dispatcher group, a Celery queue and workers of its own."""

    name: str
    topic: str
    group: str
    queue: str
    partitions: int

    @property
    def queue_keys(self) -> tuple[str, ...]:
        """The Redis lists of the queue: with Celery's priorities there is one for each step."""
        return (self.queue, f"{self.queue}{PRIORITY_SEPARATOR}{PRIORITY_BULK}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the processes of one stack find each other, and the limits they keep."""

    kafka: str
    redis_queue: str
    redis_cache: str
    provider_url: str
    users_url: str
    """Of the users database, as SQLAlchemy writes it."""
    api_url: str = ""
    """Of what is before the API's replicas, else of the only one; empty where there is none."""
    nginx_status_url: str = ""
    """Of Nginx' own counts; empty where there are none."""
    prometheus_url: str = ""
    """Of Prometheus; empty where there is none."""
    api_tokens: dict[str, str] = field(default_factory=dict)
    """A bearer token for each of the scopes."""
    api_hosts: tuple[str, ...] = API_HOSTS
    """Names by which the API may be asked: a page that points its own name here gets nothing. Where
    there are none, any will do."""
    api_requests_per_minute: int = 1_000_000
    """Of each token, at all replicas together."""
    api_request_timeout_s: float = 20.0
    """Who takes longer than this to send a request, or to begin with one, is cut off."""
    graphql_timeout_s: float = 5.0
    """The longest that a query or mutation may take, and each statement behind the API."""
    teaching: bool = True
    """Whether the API shows its GraphQL schema, and a page to try it."""
    kafka_options: dict[str, str] = field(default_factory=dict)
    """What Kafka's clients need besides, such as for TLS and SASL, in librdkafka's names."""
    prefix: str = "eureke"
    """Of topics, groups, queues and keys."""
    replication: int = 1
    partitions: int = 4
    worker_threads: int = 8
    provider_items_per_request: int = 500
    batch_max: int = 2000
    """Most notifications of one Celery task."""
    batch_direct: int = 200
    """Fewer records than this in one poll: there is no backlog, so they need not fill a batch."""
    gather_ms: float = 20.0
    """The longest that they wait then, while another batch of their channel is under way."""
    in_flight_max: int = 64
    """Batches without an outcome; at this many the dispatcher pauses its partitions."""
    overdue_s: float = 3.0
    """A batch without a receipt for this long is sent again under the same id."""
    deadline_s: float = 5.0
    """The longest a worker spends on one batch, all requests included."""
    retry_horizon_s: float = 60.0
    """An item that failed for this long becomes a dead letter."""
    commit: Literal["outcome", "enqueue"] = "outcome"
    """When an offset may be committed; `enqueue` is the common mistake, kept to be shown."""
    duplicate_window: int = 50_000
    """Records of one partition within which an id seen before is a duplicate."""

    celery_priorities: bool = False
    """Whether urgent notifications in the bulk lane overtake by Celery's priorities."""

    @property
    def kafka_client(self) -> dict[str, Any]:
        """The configuration that every client of Kafka starts from."""
        return {"bootstrap.servers": self.kafka, **self.kafka_options}

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """Every lane; an account knows each by its number in here."""
        return tuple(self.lane(name) for name in LANES)

    def lane(self, name: str) -> Lane:
        """The lane of that name.

        Raises:
            BadParameter: there is none.
        """
        if name not in LANES:
            raise BadParameter(f"there is no lane {name!r}", remedy=f"one of: {', '.join(LANES)}")
        return Lane(
            name=name,
            topic=f"{self.prefix}.notifications.{name}",
            group=f"{self.prefix}.dispatcher.{name}",
            queue=f"{self.prefix}.{name}",
            partitions=self.partitions,
        )

    @property
    def shown_users(self) -> str:
        """Where replicas of the API tell each other of changed users, and where these are kept."""
        return f"{self.prefix}.users"

    @property
    def receipts(self) -> str:
        """The topic of the receipts, a partition for each lane."""
        return f"{self.prefix}.receipts"

    def receipt_partition(self, lane_name: str) -> int:
        """Where a lane's receipts stand: its dispatchers read those and no others."""
        return LANES.index(lane_name)

    @property
    def dead_letters(self) -> str:
        """The topic of the dead letters."""
        return f"{self.prefix}.dead-letters"

    def write(self, path: Path) -> None:
        """Writes the settings to a file that only its owner may read."""
        partial = path.with_name(f"{path.name}.partial")
        partial.touch(mode=0o600)
        partial.write_bytes(msgspec.json.format(msgspec.json.encode(self)))
        partial.replace(path)  # whoever reads meanwhile reads one or the other

    @classmethod
    def read(cls, path: Path) -> "Settings":
        """The settings of a file."""
        try:
            return msgspec.json.decode(path.read_bytes(), type=cls)
        except (OSError, msgspec.MsgspecError) as error:
            raise EurekeError(
                f"the settings file {path} cannot be read: {error}",
                remedy="start the stack again (`eureke up`), which writes it anew",
            ) from error

    @classmethod
    def of_process(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """The settings that the stack handed to this process.

        A file that others may read names no password: in an address or a token ${EUREKE_PASSWORD}
        stands for what that variable holds.
        """
        try:
            found = cls.read(Path(environment[SETTINGS_VARIABLE]))
        except KeyError:
            raise EurekeError(
                f"the variable {SETTINGS_VARIABLE} is not set",
                remedy="this module is started by the stack, not by hand: `eureke up`",
            ) from None
        blank, password = f"${{{PASSWORD_VARIABLE}}}", environment.get(PASSWORD_VARIABLE, "")
        addresses = {
            name: getattr(found, name).replace(blank, quote(password, safe=""))
            for name in ("redis_queue", "redis_cache", "users_url")
        }
        tokens = {name: each.replace(blank, password) for name, each in found.api_tokens.items()}
        return replace(found, api_tokens=tokens, **addresses)


def announce_ready(environment: Mapping[str, str] = os.environ) -> None:
    """Tells the stack that this process is ready for work; does nothing outside a stack."""
    path = environment.get(READY_VARIABLE)
    if path:
        Path(path).touch()
