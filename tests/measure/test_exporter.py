"""The exporter: what it tells of servers that do not tell of themselves, and of those away."""

import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from confluent_kafka import Consumer, TopicPartition
from prometheus_client.parser import text_string_to_metric_families
from tests.measure.conftest import Launch, Produce
from tests.waiting import wait_until

from eureke import programs
from eureke.exposed import METRICS_VARIABLE
from eureke.measure.written import SENDERS_MOST
from eureke.pipeline.app import TASK, celery_app
from eureke.settings import PRIORITY_BULK, PRIORITY_URGENT, Settings
from eureke.stack.ports import free_ports
from eureke.stack.stack import Stack

Values = dict[tuple[str, ...], float]
"""By name and labels, each as text."""
Told = Callable[[], Values]


def values_of(port: int) -> Values:
    """What a process tells at that port."""
    text = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text
    return {
        (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def told(launch: Launch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Told]:
    """Starts an exporter; gives what asks it."""

    def start(settings: Settings, *, samples: Path = tmp_path / "none") -> Told:
        (port,) = free_ports(1)
        monkeypatch.setenv(METRICS_VARIABLE, f"127.0.0.1:{port}")
        launch(
            "eureke.measure.exporter",
            *("--samples", str(samples)),
            *("--metrics", str(tmp_path)),
            settings=settings,
        )

        return lambda: values_of(port)

    return start


def ups(values: Values) -> dict[str, float]:
    return {key[1]: value for key, value in values.items() if key[0] == "eureke_exporter_up"}


def test_a_queue_is_all_its_lists(own: Settings, told: Callable[..., Told]) -> None:
    """By Celery's own doing: there is one for each priority."""
    lane = own.lane("bulk")
    app = celery_app(own, lane)
    for priority in (PRIORITY_URGENT, PRIORITY_BULK, PRIORITY_BULK):
        app.send_task(TASK, queue=lane.name, priority=priority, ignore_result=True)
    ask = told(own)
    assert ask()["eureke_queue_tasks", "bulk"] == 3
    with app.connection_for_read() as connection:
        channel = connection.default_channel
        channel.basic_get(lane.name).ack()
        values = ask()
        assert values["eureke_queue_tasks", "bulk"] == 2
        assert values["eureke_queue_tasks", "urgent"] == 0
        channel.queue_purge(lane.name)


def test_what_a_worker_has_taken_and_what_waits_are_all_tasks(
    own: Settings, told: Callable[..., Told], launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker takes what it can begin, and as many as it has threads to begin next."""
    lane, (port,) = own.lane("bulk"), free_ports(1)
    app = celery_app(own, lane)
    ask = told(own)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        provider_url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv(METRICS_VARIABLE, f"127.0.0.1:{port}")
        launch(
            "eureke.pipeline.worker",
            *("--lane", "bulk"),
            settings=replace(own, provider_url=provider_url, worker_threads=2, deadline_s=60.0),
        )
        for number in range(7):
            fields: dict[str, object] = dict.fromkeys(("attempt", "polled_ns", "queued_ns"), 1)
            fields |= {"batch_id": str(number), "channel": "sms", "places": b"", "bodies": [b"[]"]}
            app.send_task(TASK, kwargs=fields, queue=lane.name, ignore_result=True)

        def counted() -> list[float]:
            of_worker = values_of(port)
            return [
                of_worker["eureke_worker_tasks_in_progress", "bulk"],
                of_worker["eureke_worker_tasks_taken", "bulk"],
                ask()["eureke_queue_tasks", "bulk"],
            ]

        wait_until(lambda: counted() == [2, 2, 3], within_s=20)


def test_kafka_and_redis_in_their_own_figures(
    own: Settings, produce: Produce, told: Callable[..., Told]
) -> None:
    """Partition by partition; the topics of outcomes have ends and no group."""
    lane = own.lane("bulk")
    for partition, count in ((0, 5), (1, 3)):
        for _ in range(count):
            produce(lane.topic, b"{}", partition=partition)
    produce(own.receipts, b"{}", partition=1)
    produce(own.dead_letters, b"{}")
    member = Consumer({"bootstrap.servers": own.kafka, "group.id": lane.group})
    member.commit(offsets=[TopicPartition(lane.topic, 0, 2)], asynchronous=False)
    member.close()
    values = told(own)()
    assert ups(values) == {"kafka": 1, "redis-queue": 1, "redis-cache": 1, "host": 0}
    lag = {at: values["eureke_kafka_lag_records", lane.group, str(at), lane.topic] for at in (0, 1)}
    assert lag == {0: 3, 1: 3}
    assert values["eureke_kafka_committed_offset", lane.group, "0", lane.topic] == 2
    assert values["eureke_kafka_end_offset", "1", own.receipts] == 1
    assert values["eureke_kafka_end_offset", "0", own.dead_letters] == 1
    for server in ("redis-queue", "redis-cache"):
        used = values["eureke_redis_memory_used_bytes", server]
        assert 0 < used < values["eureke_redis_memory_max_bytes", server]
        assert values["eureke_redis_commands_total", server] > 0
        assert values["eureke_exporter_round_trip_seconds", server] > 0


def test_who_is_away_is_down_and_what_senders_wrote_is_told_all_the_same(
    own: Settings, told: Callable[..., Told], tmp_path: Path
) -> None:
    """Never an error to Prometheus; a file that cannot be read costs the others nothing."""
    (tmp_path / "bulk.prom").write_text('eureke_sender_sent_total{sender="a"} 5\n')
    (tmp_path / "urgent.prom").write_text('eureke_sender_sent_total{sender="b"} 7\n')
    (tmp_path / "broken.prom").write_text("this is{ no metric\n")
    (tmp_path / "gone.prom").symlink_to(tmp_path / "nowhere")
    nowhere = replace(
        own,
        kafka="127.0.0.1:1",
        redis_queue="redis://127.0.0.1:1/0",
        redis_cache="redis://127.0.0.1:1/0",
        nginx_status_url="http://127.0.0.1:1/status",
    )
    values = told(nowhere)()
    assert set(ups(values).values()) == {0}
    assert len(ups(values)) == 5
    assert values["eureke_sender_sent_total", "a"] == 5
    assert values["eureke_sender_sent_total", "b"] == 7


def test_of_many_senders_the_newest_are_told(
    own: Settings, told: Callable[..., Told], tmp_path: Path
) -> None:
    """A stack that sees hundreds has no series more; one that writes again is told anew."""
    for number in range(3 * SENDERS_MOST):
        file = tmp_path / f"{number}.prom"
        file.write_text(f'eureke_sender_sent_total{{sender="{number}"}} {number}\n')
        os.utime(file, (number, number))
    ask = told(own)

    def senders() -> dict[str, float]:
        return {key[1]: n for key, n in ask().items() if key[0] == "eureke_sender_sent_total"}

    newest = range(2 * SENDERS_MOST, 3 * SENDERS_MOST)
    assert senders() == {str(number): number for number in newest}
    (tmp_path / "0.prom").write_text('eureke_sender_sent_total{sender="0"} 99\n')
    assert senders() == {str(number): number for number in newest[1:]} | {"0": 99}


def test_the_host_is_what_the_sampler_saw(stack: Stack, told: Callable[..., Told]) -> None:
    """Each process of the stack by its name."""
    values = told(stack.settings, samples=stack.shared / "samples.ndjson")()
    assert ups(values) == {"kafka": 1, "redis-queue": 1, "redis-cache": 1, "host": 1}
    processes = {key[1] for key in values if key[0] == "eureke_process_cpu_seconds_total"}
    assert {"kafka", "worker-bulk-1", "sampler"} <= processes
    assert values["eureke_process_resident_memory_bytes", "kafka"] > 0
    assert values["eureke_host_memory_available_bytes",] > 0


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[str]:
    """An Nginx with its counts; the address of these."""
    (port,) = free_ports(1)
    found = programs.NGINX.find()
    (tmp_path / "nginx.conf").write_text(
        f"daemon off; pid nginx.pid; error_log stderr; events {{}} http {{ access_log off;"
        f" client_body_temp_path a; proxy_temp_path a; fastcgi_temp_path a; uwsgi_temp_path a;"
        f" scgi_temp_path a; server {{ listen 127.0.0.1:{port}; location /status {{ stub_status; }}"
        " } }"
    )
    command = [str(found.path), "-p", str(tmp_path), "-c", "nginx.conf", "-e", "stderr"]
    tried = subprocess.run([*command, "-t"], capture_output=True, check=False)
    if b"unknown directive" in tried.stderr:
        pytest.skip("the Nginx of this machine was built without stub_status")
    with subprocess.Popen(command, env=found.environment) as process:

        def answers() -> bool:
            try:
                return requests.get(f"http://127.0.0.1:{port}/status", timeout=1).ok
            except requests.ConnectionError:
                return False

        wait_until(answers, within_s=10, what="Nginx's first answer")
        yield f"http://127.0.0.1:{port}/status"
        process.terminate()


def test_nginx_by_its_own_counts(own: Settings, told: Callable[..., Told], nginx: str) -> None:
    """Every look is one request more; a page that is something else counts as away."""
    ask = told(replace(own, nginx_status_url=nginx))
    first, second = ask(), ask()
    assert ups(first)["nginx"] == 1
    assert second["eureke_nginx_requests_total",] == first["eureke_nginx_requests_total",] + 1
    assert first["eureke_nginx_connections", "active"] >= 1
    other = told(replace(own, nginx_status_url=nginx.replace("/status", "/")))
    assert ups(other())["nginx"] == 0
