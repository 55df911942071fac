"""The inbox: has this batch been answered already, or is somebody at it just now?"""

import redis

from eureke.settings import Settings

ANSWERED = b"answered"


class Inbox:
    """Claims of batches in Redis; losing them costs repeated attempts, never an outcome."""

    def __init__(self, settings: Settings) -> None:
        self._redis = redis.Redis.from_url(
            settings.redis_cache, socket_timeout=1.0, socket_connect_timeout=1.0
        )
        self._prefix = f"{settings.prefix}.inbox."
        # A claim outlives the task's own deadline, and no claim outlives its worker for long.
        self._lease_ms = int(settings.deadline_s * 1000) + 500
        self._memory_s = 300

    def claim(self, batch_id: str) -> bool:
        """Whether the batch is ours to deliver; a Redis that is away makes it so."""
        try:
            taken = self._redis.set(self._prefix + batch_id, b"claimed", nx=True, px=self._lease_ms)
        except redis.RedisError:
            return True
        return bool(taken)

    def answer(self, batch_id: str) -> None:
        """Remembers that the batch's receipt is in Kafka."""
        try:
            self._redis.set(self._prefix + batch_id, ANSWERED, ex=self._memory_s)
        except redis.RedisError:
            return
