"""A dispatcher: from a lane to Celery, and the outcome back."""

from eureke.stack.service import METRICS_PORT, Container, Service


def dispatcher(lane: str, number: int) -> Service:
    """One member of the lane's dispatcher group."""
    name = f"dispatcher-{lane}-{number}"
    return Service(
        name=name,
        side="system",
        ports=("metrics",),
        command=("$python", "-m", "eureke.pipeline.dispatcher", "--lane", lane, "--name", name),
        probe="file",
        container=Container(ports={"metrics": METRICS_PORT}, memory_mib=2048),
        needs=("kafka", "postgres"),
    )
