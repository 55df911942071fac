"""Overview of the hourly million: does it flow, does it arrive, is anything piling up?"""

from typing import Final

from eureke.dashboards.panel import Board, Panel, Query

OVERVIEW: Final = Board(
    id="overview",
    title="The hourly million",
    about="what came in, what became of it, and what is still on its way",
    panels=(
        Panel(
            title="In and out",
            question="Does as much leave the pipeline as enters it? A gap is a growing backlog.",
            unit="per_s",
            queries=(
                Query(
                    expression="sum(rate(eureke_dispatcher_records_total[$window]))",
                    legend="read from Kafka",
                ),
                Query(
                    expression="sum(rate(eureke_dispatcher_outcomes_total[$window]))",
                    legend="with an outcome",
                ),
            ),
        ),
        Panel(
            title="Outcomes",
            question="What became of the records? A new colour is a new kind of trouble.",
            unit="per_s",
            stacked=True,
            queries=(
                Query(
                    expression="sum by (outcome) (rate(eureke_dispatcher_outcomes_total[$window]))",
                    legend="{{outcome}}",
                ),
            ),
        ),
        Panel(
            title="Backlog in Kafka",
            question="How many records have no outcome yet? It falls to zero, or it is a limit.",
            unit="count",
            queries=(
                Query(
                    expression="sum by (group) (eureke_kafka_lag_records)",
                    legend="{{group}}",
                ),
            ),
        ),
        Panel(
            title="Celery's queue",
            question="Do the workers keep up with the dispatchers? Priority lists are counted too.",
            unit="count",
            queries=(
                Query(
                    expression="sum by (lane) (eureke_queue_tasks)",
                    legend="{{lane}}, waiting",
                ),
                Query(
                    expression="sum by (lane) (eureke_worker_tasks_taken)",
                    legend="{{lane}}, taken and not begun",
                ),
            ),
        ),
        Panel(
            title="Busy cores, by kind of process",
            question="Who needs the machine? Once all cores are busy, this is the limit.",
            unit="cores",
            stacked=True,
            queries=(
                Query(
                    expression="sum by (kind) (label_replace("
                    "rate(eureke_process_cpu_seconds_total[$window]), "
                    '"kind", "$1", "process", "([a-z]+).*"))',
                    legend="{{kind}}",
                ),
            ),
        ),
        Panel(
            title="Effects at the provider",
            question="What does the world see? Repeats are attempts that its keys absorbed.",
            unit="per_s",
            queries=(
                Query(
                    expression="sum by (result) (rate(eureke_provider_items_total[$window]))",
                    legend="{{result}}",
                ),
            ),
        ),
    ),
)
