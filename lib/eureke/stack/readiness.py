"""Readiness: a real request to each service, asked again until it is answered or too late."""

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import redis
import requests
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from eureke.settings import Settings

PAUSE_S = 0.05


class Abandoned(Exception):
    """Somebody else gave up meanwhile: nothing is waited for any more."""


def kafka_ready(settings: Settings) -> str:
    """Empty once the broker answers and its group coordinator is awake, else what it said."""
    host, port = settings.kafka.split(":")
    try:
        # Until it listens a refusal costs nothing, where a client would wait out its time.
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError as error:
        return str(error)
    admin = AdminClient({**settings.kafka_client, "log_level": 0})
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
        with redis.Redis.from_url(
            url, socket_timeout=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0)
        ) as client:
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


def database_ready(url: str) -> str:
    """Empty once the database answers a query with our password, else what it said."""
    engine = create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": 1})
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        return str(error).splitlines()[0]
    finally:
        engine.dispose()
    return ""


def file_ready(path: Path) -> str:
    """Empty once the process has made its file."""
    return "" if path.exists() else "it has not said that it is ready"


def until_ready(
    probe: Callable[[], str],
    *,
    deadline_s: float,
    exit_code: Callable[[], int | None],
    abandoned: threading.Event,
) -> str | None:
    """None once the probe is satisfied, else what is wrong; ends early with the process.

    Raises:
        Abandoned: the event was set meanwhile.
    """
    limit_s = time.monotonic() + deadline_s
    while True:
        seen = probe()
        code = exit_code()
        if code is not None:
            return f"ended by itself with exit code {code}"
        if not seen:
            return None
        if time.monotonic() > limit_s:
            return f"is not ready after {deadline_s:.0f} s ({seen})"
        if abandoned.wait(PAUSE_S):
            raise Abandoned
