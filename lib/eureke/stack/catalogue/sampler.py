"""The sampler: CPU, memory, queue length and lag, a few times a second.

It looks at the processes of this machine, so it is one of them, whatever the others run in.
"""

from eureke.stack.service import Service

SAMPLER = Service(
    name="sampler",
    side="equipment",
    command=(
        "$python",
        "-m",
        "eureke.measure.sampler",
        "--out",
        "$shared/samples.ndjson",
        "--processes",
        "$run/processes.json",
    ),
    probe="file",
    needs=("kafka", "redis-queue"),
)
