"""The Celery application: how tasks travel, and what is switched off."""

from typing import Any, Final

import lz4.block
from celery import Celery
from kombu import compression

from eureke.pipeline import transport
from eureke.settings import (
    PRIORITY_BULK,
    PRIORITY_SEPARATOR,
    PRIORITY_URGENT,
    Lane,
    Settings,
)

TASK: Final = "eureke.deliver"
COMPRESSION: Final = "application/x-lz4-block"
SOCKET_TIMEOUT_S: Final = 5.0


# A batch passes through two sockets and Redis: what is not there costs nothing there.
compression.register(  # type: ignore[no-untyped-call]
    lz4.block.compress, lz4.block.decompress, COMPRESSION, aliases=["lz4"]
)


def celery_app(settings: Settings, lane: Lane) -> Celery:
    """The application of a lane; nothing connects before it is used."""
    transport.register()
    app = Celery("eureke", broker=settings.redis_queue, set_as_current=False)
    app.conf.update(configuration(settings, lane))
    return app


def configuration(settings: Settings, lane: Lane) -> dict[str, Any]:
    """Celery's settings, each with its reason."""
    return {
        "task_default_queue": lane.name,
        # The batch is opaque bytes, which JSON has no form for; pickle runs what it reads.
        "task_serializer": "msgpack",
        "task_compression": "lz4",
        "accept_content": ["msgpack"],
        "result_accept_content": ["json"],
        # Receipts in Kafka are the result; Celery keeps none.
        "task_ignore_result": True,
        "result_backend": None,
        # A task is acknowledged before it runs: what is lost then is overdue and sent again.
        "task_acks_late": False,
        "worker_prefetch_multiplier": 1,
        # A dead queue must show at once: the dispatcher keeps the batch and tries again.
        "task_publish_retry": False,
        "broker_transport_options": {
            # Of every key: a Redis may be shared, and may know who owns what by it.
            "global_keyprefix": f"{settings.prefix}.",
            "queue_order_strategy": "priority",
            "priority_steps": [PRIORITY_URGENT, PRIORITY_BULK],
            "sep": PRIORITY_SEPARATOR,
            "socket_timeout": SOCKET_TIMEOUT_S,
            "socket_connect_timeout": SOCKET_TIMEOUT_S,
            # Who has taken what is written back to Redis, twice a task, to be given out again after
            # an hour. Here a task without a receipt is sent again after seconds.
            "ack_emulation": False,
        },
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_heartbeat": 0,
        "worker_enable_remote_control": False,
        "worker_send_task_events": False,
        "worker_hijack_root_logger": False,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "enable_utc": True,
    }
