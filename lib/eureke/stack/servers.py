"""Servers that are there already, in place of a stack's own: addresses, security, a prefix."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec

from eureke.errors import BadParameter
from eureke.scenario import check_names

SERVERS_VARIABLE: Final = "EUREKE_SERVERS"
"""Environment variable with the path of the file."""
BOOTSTRAP: Final = "bootstrap.servers"
OURS: Final = frozenset({"group.id", "acks", "enable.idempotence", "enable.auto.commit"})
"""Options that the pipeline's guarantee rests on, and nobody else sets."""
FILES: Final = ("ssl.ca.location", "ssl.certificate.location", "ssl.key.location")
FILES_IN_URL: Final = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
EXAMPLE: Final = 'a file such as: [kafka]\\n"bootstrap.servers" = "broker-1:9092"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """Given servers; what is empty here, a stack starts itself."""

    kafka: dict[str, str] = field(default_factory=dict)
    """Options of Kafka's clients by librdkafka's names, `bootstrap.servers` first of all."""
    redis: dict[str, str] = field(default_factory=dict)
    """URLs of the Redis servers `queue` and `cache`, of either or both."""
    prefix: str = ""
    """Of topics, groups, queues and keys; one of the stack's own where it is empty."""
    replication: int = 1
    """Replicas of each topic that is made."""

    def __post_init__(self) -> None:
        check_names(self.redis, allowed=("queue", "cache"))
        if self.kafka and not self.kafka.get(BOOTSTRAP):
            raise BadParameter(
                f"the Kafka servers have no {BOOTSTRAP}", remedy=f"name them in {EXAMPLE}"
            )
        for name in OURS & self.kafka.keys():
            raise BadParameter(
                f"{name} cannot be given", remedy="leave it out: the guarantee rests on it"
            )
        for name, url in self.redis.items():
            if urlsplit(url).scheme not in ("redis", "rediss"):
                raise BadParameter(
                    f"the address of the Redis {name} is none",
                    remedy="write redis://user:password@host:6379/0, or rediss:// for TLS",
                )
        if self.replication < 1:
            raise BadParameter(
                f"replication is {self.replication}", remedy="a topic has at least 1 replica"
            )

    @property
    def names(self) -> frozenset[str]:
        """Names of the services that are given."""
        kafka = {"kafka"} if self.kafka else set()
        return frozenset(kafka | {f"redis-{name}" for name in self.redis})

    @classmethod
    def chosen(
        cls, servers: "Servers | None", *, kafka: str, redis: Mapping[str, str]
    ) -> "Servers":
        """Those that were given in one way or another, else those of the environment.

        Raises:
            BadParameter: they were given twice.
        """
        if not kafka and not redis:
            return cls.of_environment() if servers is None else servers
        if servers is not None:
            raise BadParameter("servers are given twice", remedy="name all of them in `servers`")
        return cls(kafka={BOOTSTRAP: kafka} if kafka else {}, redis=dict(redis))

    @classmethod
    def read(cls, path: Path) -> "Servers":
        """The servers of a TOML file; files it names are looked for beside it.

        Raises:
            BadParameter: it cannot be read, or says what cannot be.
        """
        try:
            values: dict[str, Any] = tomllib.loads(path.read_text())
            check_names(values, allowed=cls.__dataclass_fields__)
            found = msgspec.convert(values, type=cls)
        except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
            raise BadParameter(
                f"the file of servers {path} cannot be read: {error}", remedy=f"write {EXAMPLE}"
            ) from error
        return cls(
            kafka={
                name: str(path.parent / value) if name in FILES else value
                for name, value in found.kafka.items()
            },
            redis={name: _beside(path.parent, url) for name, url in found.redis.items()},
            prefix=found.prefix,
            replication=found.replication,
        )

    @classmethod
    def of_environment(cls, environment: Mapping[str, str] = os.environ) -> "Servers":
        """Those that the environment names, by a file or one by one; none where it names none.

        EUREKE_SERVERS_KAFKA, _REDIS_QUEUE, _REDIS_CACHE and _PREFIX go before what the file says.
        """
        path = environment.get(SERVERS_VARIABLE)
        found = cls.read(Path(path)) if path else cls()
        kafka, queue, cache, prefix = (
            environment.get(f"{SERVERS_VARIABLE}_{name}", "")
            for name in ("KAFKA", "REDIS_QUEUE", "REDIS_CACHE", "PREFIX")
        )
        redis = {name: url for name, url in (("queue", queue), ("cache", cache)) if url}
        return replace(
            found,
            kafka=found.kafka | ({BOOTSTRAP: kafka} if kafka else {}),
            redis=found.redis | redis,
            prefix=prefix or found.prefix,
        )


def _beside(folder: Path, url: str) -> str:
    """A Redis URL with whole paths, and with TLS that is checked unless it says otherwise."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    if parts.scheme == "rediss":
        query.setdefault("ssl_cert_reqs", "required")  # kombu wants it said
    for name in FILES_IN_URL:
        if name in query:
            query[name] = str(folder / query[name])
    return urlunsplit(parts._replace(query=urlencode(query)))
