"""The provider: the world's end of a notification."""

from eureke.stack.service import Container, Service

PROVIDER = Service(
    name="provider",
    side="equipment",
    ports=("",),
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
    container=Container(ports={"": 8000}, peer_port=8000, memory_mib=1024),
)
