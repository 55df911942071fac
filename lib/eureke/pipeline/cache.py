"""The cache's clients: nobody waits for it longer than half a second."""

from typing import Final

import redis
import redis.asyncio
from redis.backoff import NoBackoff
from redis.retry import Retry

from eureke.settings import Settings

PATIENCE_S: Final = 0.5


def connected(settings: Settings) -> redis.Redis:
    """A client for threads, which tries once."""
    return redis.Redis.from_url(
        settings.redis_cache,
        socket_timeout=PATIENCE_S,
        socket_connect_timeout=PATIENCE_S,
        retry=Retry(NoBackoff(), 0),
    )


def connected_async(settings: Settings) -> redis.asyncio.Redis:
    """A client for an event loop."""
    return redis.asyncio.Redis.from_url(
        settings.redis_cache, socket_timeout=PATIENCE_S, socket_connect_timeout=PATIENCE_S
    )
