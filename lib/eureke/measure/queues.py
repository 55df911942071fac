"""How many tasks are in Celery's queues, as Redis tells it."""

from dataclasses import dataclass

import redis

from eureke.settings import Settings


@dataclass(frozen=True, slots=True)
class Queue:
    """The tasks of one lane."""

    lane: str
    waiting: int
    """In all lists of the queue: with Celery's priorities there is one for each step."""


class Queues:
    """Asks Redis for the queues of all lanes; what it cannot answer raises RedisError."""

    def __init__(self, settings: Settings, *, timeout_s: float) -> None:
        self._lanes = settings.lanes
        self._redis = redis.Redis.from_url(
            settings.redis_queue, socket_timeout=timeout_s, socket_connect_timeout=timeout_s
        )

    def close(self) -> None:
        """Ends the connections."""
        self._redis.close()

    def look(self) -> list[Queue]:
        """The queues now; one request."""
        with self._redis.pipeline(transaction=False) as asked:
            for lane in self._lanes:
                for key in lane.queue_keys:
                    asked.llen(key)
            answers = iter(asked.execute())
        return [
            Queue(lane.name, sum(next(answers) for _ in lane.queue_keys)) for lane in self._lanes
        ]
