"""The provider: the world's end of a notification."""

from eureke.stack.service import METRICS_PORT, Container, Service

PROVIDER = Service(
    name="provider",
    side="equipment",
    ports=("", "metrics"),
    command=(
        "$python",
        "-m",
        "eureke.world.provider",
        "--host",
        "$bind",
        "--port",
        "$port",
        "--record",
        "$shared/provider.ndjson",
    ),
    probe="http",
    container=Container(ports={"": 8000, "metrics": METRICS_PORT}, peer_port=8000, memory_mib=1024),
)
