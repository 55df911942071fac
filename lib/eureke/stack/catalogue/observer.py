"""The observer: sees each receipt as soon as Kafka has it."""

from eureke.stack.service import Service

OBSERVER = Service(
    name="observer",
    side="equipment",
    command=("$python", "-m", "eureke.measure.observer", "--out", "$run/observed.ndjson"),
    probe="file",
    needs=("kafka",),
)
