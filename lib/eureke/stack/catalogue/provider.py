"""The provider: the world's end of a notification."""

from eureke.stack.service import Service

PROVIDER = Service(
    name="provider",
    side="equipment",
    ports=("",),
    command=(
        "$python",
        "-m",
        "eureke.world.provider",
        "--port",
        "$port",
        "--record",
        "$run/provider.ndjson",
    ),
    probe="http",
)
