"""Readiness: a real request to each service, asked again until it is answered or too late."""

import time
from collections.abc import Callable
from pathlib import Path

import redis
import requests
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from eureke.settings import Settings

PAUSE_S = 0.05


def kafka_ready(settings: Settings) -> str:
    """Empty once the broker answers and its group coordinator is awake, else what it said."""
    admin = AdminClient({"bootstrap.servers": settings.kafka, "log_level": 0})
    try:
        admin.list_topics(timeout=1)
        # The first question to a coordinator creates `__consumer_offsets`: without it the
        # seconds that takes would show up as somebody's latency.
        groups = admin.describe_consumer_groups(["eureke-readiness"], request_timeout=2)
        groups["eureke-readiness"].result(timeout=3)
    except KafkaException as error:
        code = error.args[0].name()
        return "" if code == "GROUP_ID_NOT_FOUND" else str(error)
    return ""


def redis_ready(url: str) -> str:
    """Empty once the server answers PING with our password, else what it said."""
    try:
        with redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1) as client:
            client.ping()
    except redis.RedisError as error:
        return str(error)
    return ""


def http_ready(url: str) -> str:
    """Empty once GET answers 200, else what came."""
    try:
        response = requests.get(url, timeout=1)
    except requests.RequestException as error:
        return str(error)
    return "" if response.status_code == 200 else f"status {response.status_code}"


def file_ready(path: Path) -> str:
    """Empty once the process has made its file."""
    return "" if path.exists() else "it has not said that it is ready"


def until_ready(
    probe: Callable[[], str], *, deadline_s: float, alive: Callable[[], bool]
) -> str | None:
    """None once the probe is satisfied, else what it saw last; ends early with the process."""
    limit_s = time.monotonic() + deadline_s
    while True:
        seen = probe()
        if not seen:
            return None
        if not alive():
            return "it ended by itself"
        if time.monotonic() > limit_s:
            return f"not ready after {deadline_s:.0f} s: {seen}"
        time.sleep(PAUSE_S)


def make_topics(settings: Settings) -> None:
    """Makes the lanes' topics and those of the outcomes; what is there already stays."""
    admin = AdminClient({"bootstrap.servers": settings.kafka})
    topics = [
        NewTopic(settings.lane("bulk").topic, settings.partitions, 1),
        NewTopic(settings.receipts, 1, 1),
        NewTopic(settings.dead_letters, 1, 1),
    ]
    for made in admin.create_topics(topics).values():
        try:
            made.result(timeout=15)
        except KafkaException as error:
            if error.args[0].name() != "TOPIC_ALREADY_EXISTS":
                raise
