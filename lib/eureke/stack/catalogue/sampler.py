"""The sampler: CPU, memory, queue length and lag, a few times a second."""

from eureke.stack.service import Service

SAMPLER = Service(
    name="sampler",
    side="equipment",
    command=(
        "$python",
        "-m",
        "eureke.measure.sampler",
        "--out",
        "$run/samples.ndjson",
        "--processes",
        "$run/processes.json",
    ),
    probe="file",
    needs=("kafka", "redis-queue"),
)
