"""The canary: passes through each lane, and tells how long ago it last came through."""

from eureke.stack.service import METRICS_PORT, Container, Service

CANARY = Service(
    name="canary",
    side="equipment",
    ports=("metrics",),
    command=("$python", "-m", "eureke.measure.canary"),
    probe="file",
    container=Container(ports={"metrics": METRICS_PORT}),
    needs=("kafka",),
)
