"""A Celery worker: from the queue to the provider."""

from eureke.stack.service import METRICS_PORT, Container, Service


def worker(lane: str, number: int) -> Service:
    """One worker of the lane's queue."""
    return Service(
        name=f"worker-{lane}-{number}",
        side="system",
        ports=("metrics",),
        command=("$python", "-m", "eureke.pipeline.worker", "--lane", lane),
        probe="file",
        container=Container(ports={"metrics": METRICS_PORT}, memory_mib=1024),
        needs=("redis-queue",),
    )
