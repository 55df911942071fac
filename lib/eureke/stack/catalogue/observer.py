"""The observer: sees each receipt as soon as Kafka has it."""

from eureke.stack.service import Container, Service

OBSERVER = Service(
    name="observer",
    side="equipment",
    command=("$python", "-m", "eureke.measure.observer", "--out", "$shared/observed.ndjson"),
    probe="file",
    container=Container(),
    needs=("kafka",),
)
