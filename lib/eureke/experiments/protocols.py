"""The same jobs over each protocol, one after the other on the same servers.

Client and servers share the machine. Each way has a closed loop of so many connections, so what
it reaches is throughput; its latency is that of a busy server, and tells ways apart, no more.
"""

import json
import time
from functools import partial
from typing import Any, Final

import msgspec
import pandas as pd
import requests
from confluent_kafka import Producer

from eureke.clients import follow
from eureke.experiments.hammering import BARE, LINES, NDJSON, graph, hammered, hello
from eureke.notification import TAG_HEADER, Notification
from eureke.stack.stack import Stack

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
        rows.append({"job": "nothing", "way": BARE} | _hammered(stack, bare, count=count))
        for (job, way), options in _ways(user_id, count).items():
            rows.append({"job": job, "way": way} | _hammered(stack, **options))
    rows.append(_by_kafka(stack, count * MANY))
    return pd.DataFrame(rows)


def _hammered(stack: Stack, path: str, **options: Any) -> dict[str, Any]:
    return hammered(stack, path, name="hammer", **({"connections": CONNECTIONS} | options))


def _ways(user_id: int, count: int) -> dict[tuple[str, str], dict[str, Any]]:
    """By job and way, the request that does it."""
    note = json.dumps({"user_id": 7, "channel": "email", "template": "hello"})
    user = f"/users/{user_id}"
    query = {"path": "/graphql", "method": "POST", "count": count}
    send = {"path": "/notifications", "method": "POST", "body": note, "count": count}
    many = {
        "body": "\n".join([note] * LINES),
        "kind": NDJSON,
        "items_each": LINES,
        "count": max(1, count * MANY // LINES),
        "connections": 2,
    }
    return {
        ("fetch a user", "REST"): {"path": user, "count": count},
        ("fetch a user", "GraphQL"): query | {"body": graph(USER % user_id)},
        ("and the newest", "REST"): {"path": f"{user}/notifications?limit=3", "count": FETCHES},
        ("and the newest", "GraphQL"): query | {"body": graph(NEWEST % user_id), "count": FETCHES},
        ("send", "REST, one by one"): send,
        ("send", f"REST, {LINES:,} a request"): send | many,
        ("send", "GraphQL, one by one"): query | {"body": graph(SEND)},
    }


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
