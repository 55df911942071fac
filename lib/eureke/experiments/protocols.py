"""The same jobs over each protocol, one after the other on the same servers.

Client and servers share the machine. Each way has a closed loop of so many connections, so what
it reaches is throughput; its latency is that of a busy server, and tells ways apart, no more.
"""

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import msgspec
import pandas as pd
import psutil
import requests
from confluent_kafka import Producer

from eureke.clients import follow
from eureke.errors import LoadFailed
from eureke.notification import TAG_HEADER, Notification
from eureke.stack.ports import free_ports
from eureke.stack.stack import Stack
from eureke.world.hammer import Hammered

LINES: Final = 1_000
CONNECTIONS: Final = 16
MANY: Final = 10
"""What is fast sends so many times as many, to be worth a clock."""
FETCHES: Final = 100
"""Of what reads Kafka, which is slow."""
STATUS: Final = "subscription ($id: ID!) { notificationStatus(id: $id) { status final } }"
SEND: Final = """mutation { sendNotification(input: {userId: 7, channel: "email",
 template: "hello"}) { __typename } }"""
USER: Final = "{ user(id: %d) { id username email preferences { channels timeZone cap } } }"
NEWEST: Final = "{ user(id: %d) { username notifications(first: 3) { template channel } } }"


@dataclass(frozen=True, slots=True)
class _Job:
    """One way to do a job: a request, and how much of the job it does."""

    job: str
    way: str
    method: str
    path: str
    body: str = ""
    kind: str = "application/json"
    items: int = 1
    count: int = 1
    connections: int = CONNECTIONS


def protocols(stack: Stack, *, user_id: int, count: int = 2_000) -> pd.DataFrame:
    """Fetching a user and sending notifications, over each way there is.

    Args:
        stack: with an API.
        user_id: of the user who is fetched.
        count: how many notifications are sent one by one, and users fetched.

    Returns:
        A row for each job and way: items_per_s, p50_ms, p99_ms of a request, bytes_each on the
        wire, cpu_ms_each of the API for each item.
    """
    rows = []
    with hello(stack) as bare:
        jobs = [_Job("nothing", "bare hello", "GET", bare, count=count), *_jobs(user_id, count)]
        for number, job in enumerate(jobs):
            rows.append(_row(stack, job, name=f"hammer-{number}"))
    rows.append(_by_kafka(stack, count * MANY))
    return pd.DataFrame(rows)


def _jobs(user_id: int, count: int) -> list[_Job]:
    note = json.dumps({"user_id": 7, "channel": "email", "template": "hello"})
    lines = "\n".join([note] * LINES)
    user, send = f"/users/{user_id}", "/notifications"
    some = max(1, count * MANY // LINES)

    return [
        _Job("fetch a user", "REST", "GET", user, count=count),
        _Job("fetch a user", "GraphQL", "POST", "/graphql", graph(USER % user_id), count=count),
        _Job("and the newest", "REST", "GET", f"{user}/notifications?limit=3", count=FETCHES),
        _Job("and the newest", "GraphQL", "POST", "/graphql", graph(NEWEST % user_id),
             count=FETCHES),
        _Job("send", "REST, one by one", "POST", send, note, count=count),
        _Job("send", f"REST, {LINES:,} a request", "POST", send, lines, "application/x-ndjson",
             items=LINES, count=some, connections=2),
        _Job("send", "GraphQL, one by one", "POST", "/graphql", graph(SEND), count=count),
    ]  # fmt: skip


def graph(query: str) -> str:
    """The body of a GraphQL request."""
    return json.dumps({"query": query})


def _row(stack: Stack, job: _Job, *, name: str) -> dict[str, Any]:
    began_s = cpu_s(stack)
    found = hammered(
        stack,
        job.path,
        name=name,
        method=job.method,
        body=job.body,
        kind=job.kind,
        count=job.count,
        connections=job.connections,
    )
    items = found.count * job.items
    if set(found.statuses) - {"200", "202"}:
        raise LoadFailed(
            f"{job.way} was answered with {found.statuses}", remedy="see the API's log"
        )
    return {
        "job": job.job,
        "way": job.way,
        "items": items,
        "items_per_s": items / found.took_s,
        "p50_ms": found.p50_ms,
        "p99_ms": found.p99_ms,
        "bytes_each": (found.sent_bytes + found.received_bytes) / items,
        "cpu_ms_each": (cpu_s(stack) - began_s) * 1000 / items,
    }


def hammered(
    stack: Stack,
    path: str,
    *,
    name: str,
    method: str = "GET",
    body: str = "",
    kind: str = "application/json",
    count: int,
    connections: int = CONNECTIONS,
    rate_per_s: float = 0.0,
) -> Hammered:
    """One request again and again, by a process of its own; `path` may be a whole URL."""
    base = "" if path.startswith("http") else stack.settings.api_url
    folder = stack.shared / "work"
    headers = {"Authorization": f"Bearer {stack.settings.api_tokens['write']}"}
    headers |= {"Content-Type": kind} if body else {}
    asked, out = folder / f"{name}.request.json", folder / f"{name}.json"
    asked.write_bytes(msgspec.json.encode({"headers": headers, "body": body}))
    stack.launch(
        name,
        "eureke.world.hammer",
        *("--url", f"{base}{path}", "--method", method, "--request", str(asked)),
        *("--count", str(count), "--connections", str(connections)),
        *("--rate", repr(rate_per_s), "--out", str(out)),
        contained=False,
    )
    stack.wait(name, timeout_s=300)
    asked.unlink()
    return msgspec.json.decode(out.read_bytes(), type=Hammered)


def _by_kafka(stack: Stack, count: int) -> dict[str, Any]:
    """Straight into the topic, by the client that everything else is built on."""
    told: list[dict[str, Any]] = []
    producer = Producer(
        {
            **stack.settings.kafka_client,
            "acks": "all",
            "enable.idempotence": True,
            "compression.type": "none",  # they are all alike, which would flatter it
            "linger.ms": 5,
            "statistics.interval.ms": 100,
            "stats_cb": lambda text: told.append(json.loads(text)),
        }
    )
    topic = stack.settings.lane("bulk").topic
    # Connected before the clock starts; tagged, so that no account counts it.
    producer.produce(topic, b"{}", headers=[(TAG_HEADER, b"warm-up")])
    producer.flush(10)
    now_ns = time.time_ns()
    took: list[float] = []
    began_s = time.perf_counter()

    def acknowledged(began_s: float, _error: object, _message: object) -> None:
        took.append(time.perf_counter() - began_s)

    for number in range(count):
        note = Notification(
            f"kafka-{now_ns}-{number}", 7, "email", "bulk", "hello", {}, now_ns, now_ns + 10**13
        )
        report = partial(acknowledged, time.perf_counter())
        producer.produce(topic, msgspec.json.encode(note), "7", on_delivery=report)
        producer.poll(0)
    producer.flush(60)
    all_s = time.perf_counter() - began_s
    limit_s = time.monotonic() + 5
    while (not told or told[-1]["txmsgs"] < count) and time.monotonic() < limit_s:
        producer.poll(0.1)  # the statistics of the last moment
    times = pd.Series(took) * 1000
    size = told[-1]["tx_bytes"] + told[-1]["rx_bytes"] if told else float("nan")
    return {
        "job": "send",
        "way": "straight to Kafka",
        "items": count,
        "items_per_s": count / all_s,
        "p50_ms": times.quantile(0.5),
        "p99_ms": times.quantile(0.99),
        "bytes_each": size / count,
        "cpu_ms_each": 0.0,
    }


def told_by(stack: Stack, *, times: int = 20, every_s: float = 0.1) -> pd.DataFrame:
    """How long until a client knows that a notification was delivered: by asking, by being told.

    Returns:
        A row for each notification and way: way, ms, requests.
    """
    api, token = stack.settings.api_url, stack.settings.api_tokens["write"]
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {token}"
    rows = []
    for _ in range(times):
        for way in ("asking", "being told"):
            note = {"user_id": 7, "channel": "email", "template": "hello"}
            began_s = time.perf_counter()
            sent = session.post(f"{api}/notifications", json=note, timeout=10).json()["id"]
            needed = 0
            if way == "being told":
                for _answer in follow(f"{api}/graphql", STATUS, token=token, id=sent):
                    needed = 1
            else:
                status = ""
                while status != "delivered":
                    time.sleep(every_s)
                    answer = session.get(f"{api}/notifications/{sent}", timeout=10)
                    status, needed = answer.json().get("status", ""), needed + 1
            took_ms = (time.perf_counter() - began_s) * 1000
            rows.append({"way": way, "ms": took_ms, "requests": needed})
    return pd.DataFrame(rows)


@contextlib.contextmanager
def hello(stack: Stack) -> Iterator[str]:
    """The URL of a bare server of the same framework, for as long as the block lasts."""
    (port,) = free_ports(1)
    stack.launch("hello", "eureke.peers.hello", "--port", str(port), contained=False)
    url = f"http://127.0.0.1:{port}/hello"
    limit_s = time.monotonic() + 20
    while True:
        with contextlib.suppress(requests.ConnectionError):
            requests.get(url, timeout=5).raise_for_status()
            break
        if time.monotonic() > limit_s:
            raise LoadFailed(
                f"the bare server does not answer: {stack.logs('hello')}", remedy="see its log"
            )
        time.sleep(0.05)
    try:
        yield url
    finally:
        stack.kill("hello")


def cpu_s(stack: Stack) -> float:
    """Processor time of the API so far, and of the bare server."""
    used = 0.0
    for each in stack.status():
        if each.name.startswith(("api-", "hello")) and each.running:
            times = psutil.Process(each.pid).cpu_times()
            used += times.user + times.system
    return used
