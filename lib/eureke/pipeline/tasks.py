"""Handing a batch to Celery as one task."""

import logging
import time
from collections.abc import Callable

import kombu.exceptions
import redis
from celery import Celery

from eureke.pipeline.app import TASK
from eureke.pipeline.batch import Batch
from eureke.settings import PRIORITY_BULK, PRIORITY_URGENT, Lane, Settings

log = logging.getLogger("dispatcher")


class Tasks:
    """The queue of a lane, as its dispatcher sees it."""

    def __init__(
        self,
        settings: Settings,
        lane: Lane,
        celery: Celery,
        *,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._items_per_request = settings.provider_items_per_request
        self._priorities = settings.celery_priorities
        self._queue = lane.name
        self._celery = celery
        self._clock = clock

    def put(self, batch: Batch) -> bool:
        """Whether Celery's queue took the batch; the reason why not is logged."""
        try:
            self._celery.send_task(
                TASK,
                kwargs={
                    "batch_id": batch.id,
                    "channel": batch.channel,
                    "attempt": batch.sends + 1,
                    "polled_ns": batch.polled_ns,
                    "queued_ns": self._clock(),
                    "places": batch.packed_places(),
                    "bodies": batch.bodies(self._items_per_request),
                },
                queue=self._queue,
                priority=self._priority(batch),
                ignore_result=True,
                # Else Celery writes out a batch once more, for logs that nobody reads.
                argsrepr="()",
                kwargsrepr="{}",
            )
        except (kombu.exceptions.OperationalError, redis.RedisError, OSError) as error:
            log.warning("Celery's queue did not take batch %s, kept for later: %s", batch.id, error)
            return False
        return True

    def _priority(self, batch: Batch) -> int:
        """Celery's priority; all have the same where the lanes keep them apart."""
        apart = self._priorities and not batch.urgent
        return PRIORITY_BULK if apart else PRIORITY_URGENT
