"""What a stack made on given servers, removed when it ends: topics, groups and keys of its own."""

import contextlib
from typing import Final

import redis
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from eureke.settings import Settings
from eureke.stack.servers import Servers

TIMEOUT_S: Final = 10.0
SCANNED: Final = 1_000


def remove(servers: Servers, settings: Settings) -> list[str]:
    """Removes all whose name begins with the stack's own prefix; gives what could not be.

    Only for a prefix that the stack made up itself: nothing else can begin with it.
    """
    left: list[str] = []
    if servers.kafka:
        left += _topics_and_groups(settings)
    for name, url in (("queue", settings.redis_queue), ("cache", settings.redis_cache)):
        if name in servers.redis:
            left += _keys(name, url, settings.prefix)
    return left


def _topics_and_groups(settings: Settings) -> list[str]:
    beginning = f"{settings.prefix}."
    try:
        admin = AdminClient({**settings.kafka_client, "log_level": 0})
        topics = admin.list_topics(timeout=TIMEOUT_S).topics
        ours = [topic for topic in topics if topic.startswith(beginning)]
        if ours:
            for removed in admin.delete_topics(ours).values():
                removed.result(TIMEOUT_S)
        listed = admin.list_consumer_groups().result(TIMEOUT_S).valid
        groups = [each.group_id for each in listed if each.group_id.startswith(beginning)]
        for removed in admin.delete_consumer_groups(groups).values() if groups else ():
            # A member that was killed keeps its group for as long as its session lasts.
            with contextlib.suppress(KafkaException):
                removed.result(TIMEOUT_S)
    except (KafkaException, TimeoutError) as error:
        return [f"topics and groups that begin with {beginning} ({error})"]
    return []


def _keys(name: str, url: str, prefix: str) -> list[str]:
    try:
        with redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5) as client:
            for key in client.scan_iter(f"{prefix}.*", count=SCANNED):
                client.unlink(key)
    except redis.RedisError as error:
        return [f"keys of the Redis {name} that begin with {prefix}. ({error})"]
    return []
