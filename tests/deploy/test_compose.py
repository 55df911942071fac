"""deploy/compose.yaml says what the catalogue says, and brings the whole system up."""

import json
import os
import secrets
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from string import Template
from typing import Any, cast

import msgspec
import pytest
import requests
import yaml
from confluent_kafka import Consumer, Producer, TopicPartition
from tests.waiting import wait_until

from eureke.measure.prometheus import Prometheus
from eureke.notification import CANARY_ID, Notification, Priority, Receipt
from eureke.settings import IMAGES, LANES, PASSWORD_VARIABLE, Settings
from eureke.stack import catalogue
from eureke.stack.compose import GRAFANA, NGINX, rendered
from eureke.stack.engine import Engine
from eureke.stack.image import build
from eureke.stack.ports import free_ports
from eureke.stack.service import Service

FILE = Path(__file__).parents[2] / "deploy" / "compose.yaml"
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(FILE.read_text())["services"]
SERVERS = (
    *(*catalogue.INFRASTRUCTURE, *catalogue.CONTAINERS_ONLY),
    *(NGINX, catalogue.PROMETHEUS, GRAFANA),
)
ROLES: dict[str, Service] = {
    "api": catalogue.api(1),
    "provider": catalogue.PROVIDER,
    "dispatcher": catalogue.dispatcher("bulk", 1),
    "dispatcher-urgent": catalogue.dispatcher("urgent", 1),
    "worker": catalogue.worker("bulk", 1),
    "worker-urgent": catalogue.worker("urgent", 1),
    "exporter": catalogue.EXPORTER,
    "canary": catalogue.CANARY,
}
COUNT = 400
WORKERS = 4


def words(command: Iterable[str]) -> list[str]:
    """A command's words, however its lines are broken."""
    return [word for part in command for word in part.replace("\\\n", " ").split()]


@pytest.mark.parametrize("server", SERVERS, ids=lambda each: each.name)
def test_a_server_is_the_catalogue_s(server: Service) -> None:
    """The same image, limit and options."""
    told, container = SERVICES[server.name], server.container
    assert container is not None
    assert told["image"] == IMAGES[container.image]
    assert told["mem_limit"] == f"{container.memory_mib}m"
    assert told["healthcheck"]["test"]
    expected = {
        name: Template(text).safe_substitute(
            cluster_id="", compiler_level="1", published="", password=""
        )
        for name, text in container.environment.items()
    }
    for name, value in expected.items():
        written = str(told["environment"][name])
        if value and "${" not in written:  # what is each stack's own is a variable here
            assert written == value, name
    if server.name in ("kafka", "postgres"):
        assert words(told["command"]) == words(container.command or ())


@pytest.mark.parametrize("server", catalogue.REDIS, ids=lambda each: each.name)
def test_redis_has_the_catalogue_s_options(server: Service) -> None:
    """Written as arguments, as the file of its options is not there."""
    arguments = SERVICES[server.name]["command"][1:]
    told = dict(zip(arguments[::2], arguments[1::2], strict=True))
    lines = [line.split(" ", 1) for line in server.files["redis.conf"].splitlines()]
    wanted = {name: value.strip('"') for name, value in lines if name != "#"}
    for name in ("save", "appendonly", "maxmemory", "maxmemory-policy"):
        assert told[f"--{name}"] == wanted[name]


def test_what_is_mounted_is_the_catalogue_s() -> None:
    """Written out, as nobody fills it in there: `python -m eureke.stack.compose` does it anew."""
    folders = [FILE.parent / name for name in ("nginx", "grafana")]
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    assert {str(file.relative_to(FILE.parent)): file.read_text() for file in files} == rendered()


@pytest.mark.parametrize("name", ROLES)
def test_a_process_of_ours_is_the_catalogue_s(name: str) -> None:
    """The same module, lane and limit, hardened, with a health check."""
    told, service = SERVICES[name], ROLES[name]
    assert service.container is not None
    assert told["command"][1:3] == list(service.command[1:3])
    if "--lane" in service.command:
        assert told["command"][3:5] == list(service.command[3:5])
    assert told["mem_limit"] == f"{service.container.memory_mib}m"
    assert told["read_only"] is True
    assert told["cap_drop"] == ["ALL"]
    assert told["healthcheck"]["test"]


def test_nothing_is_left_out() -> None:
    """Every server and role of the catalogue but the measuring ones."""
    expected = {each.name for each in SERVERS} | set(ROLES) | {"topics"}
    assert set(SERVICES) == expected


def test_every_port_is_on_loopback() -> None:
    """Of all that is published."""
    ports = [port for each in SERVICES.values() for port in each.get("ports", ())]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


class Compose:
    """Compose with a project of the test's own."""

    def __init__(self, command: list[str], environment: Mapping[str, str]) -> None:
        self._project = f"eureke-test-{secrets.token_hex(4)}"
        self._command = [*command, "-p", self._project, "-f", str(FILE)]
        self._environment = os.environ | dict(environment)

    def __call__(self, *arguments: str) -> str:
        done = subprocess.run(
            [*self._command, *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=150,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def compose_command() -> list[str]:
    """`docker compose`, or the older `docker-compose`."""
    for command in (["docker", "compose"], ["docker-compose"]):
        try:
            subprocess.run([*command, "version"], capture_output=True, check=True, timeout=20)
        except (OSError, subprocess.SubprocessError):
            continue
        return command
    if os.environ.get("CI") == "true":
        pytest.fail("neither `docker compose` nor `docker-compose` is here")
    pytest.skip("neither `docker compose` nor `docker-compose` is here")


@pytest.fixture(scope="module")
def kafka(engine: Engine) -> Iterator[tuple[str, Compose]]:
    """The whole system, up with four workers, and Kafka's address."""
    port, provider_port, api_port, prometheus_port = free_ports(4)
    password = secrets.token_hex(16)
    compose = Compose(
        compose_command(),
        {
            PASSWORD_VARIABLE: password,
            "EUREKE_API_PORT": str(api_port),
            "EUREKE_IMAGE": build(engine, base=IMAGES["python"], say=print),
            "EUREKE_KAFKA_PORT": str(port),
            "EUREKE_PROVIDER_PORT": str(provider_port),
            "EUREKE_PROMETHEUS_PORT": str(prometheus_port),
        },
    )
    try:
        compose("up", "-d", "--no-build", "--scale", f"worker={WORKERS}")
        wait_until(lambda: healthy(engine, compose), within_s=90, what="everything's health")
        answer = requests.get(
            f"http://127.0.0.1:{api_port}/users",
            headers={"Authorization": f"Bearer {password}-read"},
            timeout=10,
        )
        assert answer.json() == {"items": [], "next": None}
        yield f"127.0.0.1:{port}", compose
    finally:
        compose("down", "--volumes", "--timeout", "5")


def healthy(engine: Engine, compose: Compose) -> bool:
    """Whether every health check is passed; what has none has ended well."""
    for each in compose("ps", "-q").split():
        state = engine.client.containers.get(each).attrs["State"]
        if "Health" in state and state["Health"]["Status"] != "healthy":
            return False
        if "Health" not in state and (state["Running"] or state["ExitCode"]):
            return False
    return True


def notifications(lane: str) -> Iterator[Notification]:
    """Some that no policy stands in the way of."""
    now_ns = time.time_ns()
    for number in range(COUNT):
        yield Notification(
            id=f"{lane}-{number}",
            user_id=number,
            channel="email",
            priority=cast("Priority", lane),
            template="hello",
            data={"to": f"user{number}@example.com"},
            created_ns=now_ns,
            expires_ns=now_ns + 3_600_000_000_000,
        )


def received(settings: Settings, lane: str) -> list[Receipt]:
    """The lane's receipts so far."""
    at = TopicPartition(settings.receipts, settings.receipt_partition(lane), 0)
    consumer = Consumer({**settings.kafka_client, "group.id": "test"})
    consumer.assign([at])
    try:
        values = (message.value() or b"" for message in consumer.consume(10_000, timeout=1))
        return [msgspec.json.decode(value, type=Receipt) for value in values]
    finally:
        consumer.close()


def delivered(settings: Settings, lane: str) -> int:
    """How many were, canaries left out."""
    ids = [at.id for each in received(settings, lane) for at in each.delivered]
    return sum(not each.startswith(CANARY_ID) for each in ids)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("lane", LANES)
def test_what_is_sent_is_delivered(kafka: tuple[str, Compose], engine: Engine, lane: str) -> None:
    """By each lane; all four workers of the bulk lane take part."""
    address, compose = kafka
    told = json.loads((FILE.parent / "settings.json").read_bytes()) | {"kafka": address}
    settings = msgspec.convert(told, type=Settings)
    producer = Producer({**settings.kafka_client, "acks": "all"})
    for each in notifications(lane):
        key, value = str(each.user_id), msgspec.json.encode(each)
        producer.produce(settings.lane(lane).topic, value, key=key)
        if lane == "bulk":
            producer.flush(10)  # one by one, so that there are batches for all
    assert producer.flush(10) == 0
    wait_until(
        lambda: delivered(settings, lane) == COUNT,
        within_s=60,
        what="a receipt for every notification",
    )
    name = "worker" if lane == "bulk" else f"worker-{lane}"
    ids = compose("ps", "-q", name).split()
    hosts = {engine.client.containers.get(each).attrs["Config"]["Hostname"] for each in ids}
    wait_until(
        lambda: {each.host for each in received(settings, lane)} == hosts,
        within_s=20,
        what="a receipt of each worker",
    )


@pytest.mark.timeout(240)
def test_prometheus_finds_everybody(kafka: tuple[str, Compose]) -> None:
    """Every worker too, by the one name that all of them have."""
    _, compose = kafka
    prometheus = Prometheus(f"http://{compose('port', 'prometheus', '9090').strip()}")

    def up() -> dict[str, int]:
        found = prometheus.now("sum by (job) (up)")
        return {row["job"]: int(row["value"]) for row in found.to_dict("records")}

    expected = {"api": 1, "dispatcher": 2, "worker": WORKERS + 1, "provider": 1, "exporter": 1}
    expected |= {"canary": 1, "prometheus": 1}
    wait_until(lambda: up() == expected, within_s=30, what="an answer of every target")
    servers = {"kafka", "redis-queue", "redis-cache", "nginx"}
    answer = "eureke_exporter_up == 1"
    wait_until(
        lambda: set(prometheus.now(answer)["server"]) == servers,
        within_s=30,
        what="an answer of every server",
    )
