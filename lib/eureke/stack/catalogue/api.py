"""The API: the door by which applications come in."""

from eureke.stack.service import Container, Service


def api(number: int) -> Service:
    """One replica; they share the database and the cache, and nothing else."""
    return Service(
        name=f"api-{number}",
        side="system",
        ports=("",),
        metrics_port="",
        command=(
            "$python",
            "-m",
            "eureke.pipeline.api.server",
            "--host",
            "$bind",
            "--port",
            "$port",
        ),
        probe="http",
        needs=("postgres", "redis-cache"),
        container=Container(ports={"": 8080}, peer_port=8080),
    )
