"""The servers as the catalogue configures them: Kafka and Redis by what they do."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest
import redis
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient
from redis.backoff import NoBackoff
from redis.retry import Retry

from eureke.scenario import Scenario
from eureke.settings import LANES
from eureke.stack.display import environment, examples
from eureke.stack.folder import PROCESSES
from eureke.stack.stack import Stack

Family = Callable[[Path], list[psutil.Process]]


@pytest.fixture(scope="module")
def kafka() -> Iterator[Stack]:
    """A stack of one broker that tests may kill."""
    scenario = Scenario(partitions=3)
    with Stack.start(scenario=scenario, only=("kafka",), say=print) as stack:
        yield stack


def produce(stack: Stack, topic: str, values: list[bytes]) -> None:
    """Sends the values and fails unless the broker acknowledged all of them."""
    producer = Producer({"bootstrap.servers": stack.settings.kafka, "acks": "all"})
    errors = []
    for value in values:
        producer.produce(topic, value, on_delivery=lambda error, _: errors.append(error))
    assert producer.flush(30) == 0
    assert errors == [None] * len(values)


def values(stack: Stack, topic: str, count: int) -> list[bytes]:
    """The first values of a topic, sorted."""
    consumer = Consumer(
        {
            "bootstrap.servers": stack.settings.kafka,
            "group.id": "test",
            "auto.offset.reset": "earliest",
        }
    )
    with closing(consumer):
        consumer.subscribe([topic])
        return sorted(message.value() or b"" for message in consumer.consume(count, timeout=30))


def test_topics(kafka: Stack) -> None:
    """The topics are there when the stack is, with the scenario's partitions."""
    topics = AdminClient({"bootstrap.servers": kafka.settings.kafka}).list_topics(timeout=10).topics
    partitions = {name: len(topic.partitions) for name, topic in topics.items()}
    assert partitions["eureke.notifications.bulk"] == 3
    assert partitions["eureke.receipts"] == len(LANES)
    assert partitions["eureke.dead-letters"] == 1
    assert "__consumer_offsets" in partitions  # made at start, not by the first consumer


def test_mistyped_topic(kafka: Stack) -> None:
    """A topic that nobody made does not come to be by being asked for."""
    producer = Producer({"bootstrap.servers": kafka.settings.kafka})
    producer.list_topics("eureke.reciepts", timeout=10)
    assert "eureke.reciepts" not in producer.list_topics(timeout=10).topics


def test_large_receipt(kafka: Stack) -> None:
    """A receipt of three megabytes is taken."""
    producer = Producer({"bootstrap.servers": kafka.settings.kafka, "message.max.bytes": 4_000_000})
    errors = []
    producer.produce(
        kafka.settings.receipts, bytes(3_000_000), on_delivery=lambda error, _: errors.append(error)
    )
    assert producer.flush(30) == 0
    assert errors == [None]


def test_broker_killed(kafka: Stack) -> None:
    """A broker killed with -9 comes back at its address with its records."""
    sent = [b"%03d" % number for number in range(100)]
    topic = kafka.settings.lane("bulk").topic
    produce(kafka, topic, sent)
    kafka.kill("kafka")
    kafka.start_service("kafka")
    assert values(kafka, topic, len(sent)) == sent


def test_loopback_only(stack: Stack) -> None:
    """Nothing of a stack listens anywhere but on the loopback interface."""
    listening = [
        (each.name, connection.laddr.ip)
        for each in stack.status()
        if each.running
        for connection in psutil.Process(each.pid).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert {name for name, _ in listening} >= {"kafka", "redis-queue", "redis-cache", "provider"}
    assert {ip for _, ip in listening} <= {"127.0.0.1", "::ffff:127.0.0.1"}


def test_all_run(stack: Stack) -> None:
    """A whole stack runs all its services, the sizes of the scenario included."""
    assert stack.ended() == []
    assert {each.name for each in stack.status()} >= {
        "kafka",
        "redis-queue",
        "redis-cache",
        "provider",
        "dispatcher-bulk-1",
        "worker-bulk-1",
        "observer",
        "sampler",
    }


def test_all_recognisable(stack: Stack, family: Family) -> None:
    """Every process carries the mark by which a leftover is known, and is in the list."""
    rows = json.loads((stack.folder / PROCESSES).read_bytes())
    running = {each.name: each.pid for each in stack.status() if each.running}
    assert {name: rows[name]["pid"] for name in running} == running
    assert {process.pid for process in family(stack.folder)} > set(running.values())


def test_password_needed(stack: Stack) -> None:
    """Redis answers nobody without a password."""
    for name in ("redis-queue", "redis-cache"):
        port = int(stack.addresses[name].split(":")[1])
        stranger = redis.Redis(port=port, retry=Retry(NoBackoff(), 0))
        with stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()


def test_password_unseen(stack: Stack) -> None:
    """No password stands in a command line or in a log."""
    urls = (stack.settings.redis_queue, stack.settings.redis_cache)
    passwords = [url.split(":")[2].split("@")[0] for url in urls]
    running = [each for each in stack.status() if each.running]
    seen = [" ".join(psutil.Process(each.pid).cmdline()) for each in running]
    seen += [path.read_text(errors="replace") for path in (stack.folder / "logs").iterdir()]
    assert not [password for password in passwords for text in seen if password in text]


def test_queue_refuses_and_cache_forgets(stack: Stack) -> None:
    """A full queue refuses to forget; a full cache forgets what was used least."""
    policies = {}
    for url in (stack.settings.redis_queue, stack.settings.redis_cache):
        with redis.Redis.from_url(url) as client:
            policies[url] = client.config_get("maxmemory-policy")["maxmemory-policy"]
            assert int(client.config_get("maxmemory")["maxmemory"]) > 0
    assert list(policies.values()) == ["noeviction", "allkeys-lfu"]


def test_environment(stack: Stack) -> None:
    """What is handed to shells are addresses that answer."""
    told = environment(stack)
    with redis.Redis.from_url(told["EUREKE_REDIS_QUEUE"]) as client:
        assert client.ping()
    admin = AdminClient({"bootstrap.servers": told["EUREKE_KAFKA"]})
    assert admin.list_topics(timeout=10).brokers
    for example in examples(stack):
        assert any(f"${name}" in example for name in told)
