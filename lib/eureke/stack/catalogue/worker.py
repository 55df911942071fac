"""A Celery worker: from the queue to the provider."""

from eureke.stack.service import Service


def worker(number: int, lane: str = "bulk") -> Service:
    """One worker of the lane's queue."""
    return Service(
        name=f"worker-{number}",
        side="system",
        command=("$python", "-m", "eureke.pipeline.worker", "--lane", lane),
        probe="file",
        needs=("redis-queue",),
    )
