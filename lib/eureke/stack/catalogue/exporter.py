"""The exporter: tells Prometheus of Kafka, Redis, the host and the senders."""

from eureke.stack.service import METRICS_PORT, Container, Service

EXPORTER = Service(
    name="exporter",
    side="equipment",
    ports=("metrics",),
    command=(
        "$python",
        "-m",
        "eureke.measure.exporter",
        "--samples",
        "$shared/samples.ndjson",
        "--metrics",
        "$shared/metrics",
    ),
    probe="file",
    container=Container(ports={"metrics": METRICS_PORT}),
    needs=("kafka",),
)
