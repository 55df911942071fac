"""Given servers, tried before anything runs: do they answer, and may we do what we need?"""

import secrets
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import redis
from confluent_kafka import (
    Consumer,
    ConsumerGroupState,
    KafkaError,
    KafkaException,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, NewTopic
from redis.backoff import NoBackoff
from redis.retry import Retry

from eureke.errors import ServiceFailed
from eureke.settings import KAFKA_VERSION, Settings
from eureke.stack.servers import Servers

TIMEOUT_S: Final = 10.0
REDIS_LEAST: Final = (6, 2)
KAFKA_LEAST: Final = "2.6"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One server that was tried."""

    name: str
    trouble: str
    """Empty where all is well."""
    remedy: str = ""


def try_servers(servers: Servers, settings: Settings) -> Iterator[Tried]:
    """Tries each given server with the clients that will use it."""
    if servers.kafka:
        yield _tried("kafka", _kafka, settings)
    if "queue" in servers.redis:
        yield _tried("redis-queue", _redis_queue, settings)
    if "cache" in servers.redis:
        yield _tried("redis-cache", _redis_cache, settings)


def check_servers(servers: Servers, settings: Settings) -> None:
    """Returns when every given server will do.

    Raises:
        ServiceFailed: one does not, with its answer and the remedy.
    """
    for tried in try_servers(servers, settings):
        if tried.trouble:
            raise ServiceFailed(
                f"the given {tried.name} will not do: {tried.trouble}", remedy=tried.remedy
            )


class _Unfit(Exception):
    def __init__(self, trouble: str, remedy: str) -> None:
        super().__init__(trouble)
        self.trouble, self.remedy = trouble, remedy


def _tried(name: str, attempt: Any, settings: Settings) -> Tried:
    try:
        attempt(settings)
    except _Unfit as unfit:
        return Tried(name=name, trouble=unfit.trouble, remedy=unfit.remedy)
    return Tried(name=name, trouble="")


def _kafka(settings: Settings) -> None:
    said: list[str] = []
    configuration: dict[str, Any] = {
        **settings.kafka_client,
        "log_level": 0,
        "error_cb": lambda error: said.append(str(error)),
    }
    try:
        admin = AdminClient(configuration)
    except KafkaException as error:
        raise _Unfit(
            f"its options are refused: {error.args[0].str()}",
            "see librdkafka's CONFIGURATION.md for their names and values",
        ) from error
    try:
        brokers = admin.list_topics(timeout=TIMEOUT_S).brokers.values()
    except KafkaException as error:
        admin.poll(0)  # what the connections said stands in a queue until somebody asks
        last = said[-1] if said else str(error)
        raise _Unfit(
            f"{settings.kafka} does not answer: {last}",
            "see that it runs and listens there, and that security.protocol, user and "
            "certificates are right",
        ) from error
    for broker in brokers:
        _reach(settings, broker.host or "", broker.port or 0)
    _new_enough(admin)
    _kafka_rights(settings, admin)
    _alone(settings, admin)


def _reach(settings: Settings, host: str, port: int) -> None:
    try:
        socket.create_connection((host, port), timeout=TIMEOUT_S).close()
    except OSError as error:
        raise _Unfit(
            f"{settings.kafka} answers, and tells clients to go on to {host}:{port}, which cannot "
            f"be reached from here: {error}",
            "set the broker's advertised.listeners to an address that this machine reaches",
        ) from error


def _new_enough(admin: AdminClient) -> None:
    """A broker does not tell its version; this question came with 2.6 (KIP-518)."""
    stable = {ConsumerGroupState.STABLE}
    try:
        told = admin.list_consumer_groups(states=stable).result(TIMEOUT_S)
    except KafkaException as error:
        told_errors = [error]
    else:
        told_errors = told.errors
    if any(each.args[0].code() == KafkaError._UNSUPPORTED_FEATURE for each in told_errors):  # noqa: SLF001
        raise _Unfit(
            f"it is older than Kafka {KAFKA_LEAST}",
            f"use {KAFKA_LEAST} or newer; what is tested is {KAFKA_VERSION}",
        )


def _kafka_rights(settings: Settings, admin: AdminClient) -> None:
    """Makes a topic, writes to it, reads it, and removes it."""
    topic = f"{settings.prefix}.trial-{secrets.token_hex(4)}"
    doing = "make a topic"
    try:
        admin.create_topics([NewTopic(topic, 1, settings.replication)])[topic].result(TIMEOUT_S)
        try:
            doing = "write to a topic"
            producer = Producer({**settings.kafka_client, "acks": "all", "log_level": 0})
            refused: list[Any] = []
            producer.produce(topic, b"trial", on_delivery=lambda error, _: refused.append(error))
            if producer.flush(TIMEOUT_S) or refused[0]:
                raise KafkaException(*refused)
            doing = "read a topic and commit"
            _read_one(settings, topic)
        finally:
            admin.delete_topics([topic])[topic].result(TIMEOUT_S)
    except (KafkaException, TimeoutError) as error:
        raise _Unfit(
            f"we may not {doing} named {settings.prefix}.…: {error}",
            f"give this user rights on topics and groups that begin with {settings.prefix}",
        ) from error


def _alone(settings: Settings, admin: AdminClient) -> None:
    """Two stacks with one prefix would share their groups, and each get half of a load."""
    groups = [lane.group for lane in settings.lanes]
    for group, described in admin.describe_consumer_groups(groups).items():
        try:
            members = described.result(TIMEOUT_S).members
        except KafkaException:
            continue  # a group that nobody has made yet
        if members:
            raise _Unfit(
                f"the group {group} has members already: {members[0].host}",
                f"end the stack that uses the prefix {settings.prefix}, or give another prefix",
            )


def _read_one(settings: Settings, topic: str) -> None:
    consumer = Consumer(
        {**settings.kafka_client, "group.id": f"{settings.prefix}.trial", "log_level": 0}
    )
    try:
        at = TopicPartition(topic, 0, 0)
        consumer.assign([at])
        message = consumer.poll(TIMEOUT_S)
        if message is None or message.error():
            raise KafkaException(message.error() if message else "nothing came")
        consumer.commit(offsets=[TopicPartition(topic, 0, 1)], asynchronous=False)
    finally:
        consumer.close()


def _redis_queue(settings: Settings) -> None:
    _redis(settings, settings.redis_queue, queue=True)


def _redis_cache(settings: Settings) -> None:
    _redis(settings, settings.redis_cache, queue=False)


def _redis(settings: Settings, url: str, *, queue: bool) -> None:
    key = f"{settings.prefix}.trial-{secrets.token_hex(4)}"
    try:
        with redis.Redis.from_url(
            url, socket_timeout=5, socket_connect_timeout=5, retry=Retry(NoBackoff(), 0)
        ) as client:
            told: dict[str, Any] = client.info()
            version = tuple(int(part) for part in told["redis_version"].split(".")[:2])
            if version < REDIS_LEAST:
                raise _Unfit(
                    f"it is Redis {told['redis_version']}",
                    f"use {'.'.join(map(str, REDIS_LEAST))} or newer",
                )
            if queue and told.get("maxmemory_policy", "noeviction") != "noeviction":
                raise _Unfit(
                    f"its maxmemory-policy is {told['maxmemory_policy']}: it could drop the queue",
                    "set maxmemory-policy noeviction for the queue; a cache is a server of its own",
                )
            client.lpush(key, b"trial")
            client.brpop([key], timeout=1)
            client.set(key, b"trial", px=1000)
            client.unlink(key)
    except redis.RedisError as error:
        raise _Unfit(
            f"{type(error).__name__}: {error}",
            "see that it runs there, and that user, password and TLS are right; its user needs the "
            f"keys that begin with {settings.prefix}.",
        ) from error
