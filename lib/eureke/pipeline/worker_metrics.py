"""What a worker tells Prometheus: once a task or a request, never once a notification."""

import time
from typing import Final, Literal, get_args

from celery.worker.state import active_requests, reserved_requests
from prometheus_client import Counter, Gauge, Histogram

from eureke.exposed import BUCKETS_S
from eureke.notification import Receipt

Result = Literal["answered", "inbox_hit", "failed"]
RESULTS: Final[tuple[Result, ...]] = ("answered", "inbox_hit", "failed")
OUTCOMES: Final = ("delivered", "rejected", "retry", "refused")
Kind = Literal[
    "timeout", "connection", "throttled", "server_error", "client_error", "unreadable", "not_asked"
]
"""Why a request failed as a whole."""

_LANE: Final = ("lane",)
TASKS: Final = Counter("eureke_worker_tasks", "Tasks that ended", ["lane", "result"])
AT_WORK: Final = Gauge("eureke_worker_tasks_in_progress", "Tasks at work", _LANE)
TAKEN: Final = Gauge(
    "eureke_worker_tasks_taken", "Tasks taken from the queue and not begun yet", _LANE
)
NOTIFICATIONS: Final = Counter(
    "eureke_worker_notifications", "Notifications of answered tasks", ["lane", "outcome"]
)
TASK: Final = Histogram(
    "eureke_worker_task_seconds", "From taken to receipt in Kafka", _LANE, buckets=BUCKETS_S
)
LAST: Final = Gauge(
    "eureke_worker_last_task_timestamp_seconds",
    "When a task last ended, or the worker began",
    _LANE,
)
REQUEST: Final = Histogram(
    "eureke_worker_request_seconds",
    "A request to the provider",
    ["lane", "channel"],
    buckets=BUCKETS_S,
)
ERRORS: Final = Counter(
    "eureke_worker_request_errors", "Requests that failed as a whole", ["lane", "kind"]
)


class WorkerMetrics:
    """The metrics of one lane's worker."""

    def __init__(self, lane: str) -> None:
        self._lane = lane
        # Found once: to find a series by its labels costs more than to count.
        self._tasks = {result: TASKS.labels(lane, result) for result in RESULTS}
        self._notifications = {name: NOTIFICATIONS.labels(lane, name) for name in OUTCOMES}
        self._errors = {kind: ERRORS.labels(lane, kind) for kind in get_args(Kind)}
        self._took, self._last = TASK.labels(lane), LAST.labels(lane)
        self._last.set_to_current_time()  # one that has just begun is not silent
        TAKEN.labels(lane).set_function(lambda: len(reserved_requests) - len(active_requests))
        self.at_work = AT_WORK.labels(lane).track_inprogress

    def ended(self, result: Result, *, took_s: float) -> None:
        """Counts a task."""
        self._tasks[result].inc()
        self._took.observe(took_s)
        self._last.set_to_current_time()

    def answered(self, receipt: Receipt, *, count: int) -> None:
        """Counts the notifications of a receipt that Kafka has."""
        outcomes = {
            "delivered": len(receipt.delivered),
            "rejected": len(receipt.rejected),
            "retry": len(receipt.retry),
            "refused": count if receipt.refused else 0,
        }
        for outcome, found in outcomes.items():
            self._notifications[outcome].inc(found)

    def asked(self, channel: str, *, began_s: float) -> None:
        """Notes how long the provider took."""
        REQUEST.labels(self._lane, channel).observe(time.monotonic() - began_s)

    def failed(self, kind: Kind, *, requests: int = 1) -> None:
        """Counts requests that failed as a whole."""
        self._errors[kind].inc(requests)
