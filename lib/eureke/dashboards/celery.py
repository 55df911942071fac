"""Celery: are the workers busy, fast, and alive in more than name?"""

from typing import Final

from eureke.dashboards.panel import Board, Panel, Query

CELERY: Final = Board(
    id="celery",
    title="Celery's workers",
    about="a task is a batch of notifications for a channel; a worker is a process with threads",
    panels=(
        Panel(
            title="Tasks, by how they ended",
            question="Are tasks answered? An inbox hit is a task that came twice.",
            unit="per_s",
            stacked=True,
            queries=(
                Query(
                    expression="sum by (result) (rate(eureke_worker_tasks_total[$window]))",
                    legend="{{result}}",
                ),
            ),
        ),
        Panel(
            title="Tasks at work, by worker",
            question="Is every worker busy? One at zero beside a full queue is silent.",
            unit="count",
            queries=(
                Query(
                    expression="sum by (instance) (eureke_worker_tasks_in_progress)",
                    legend="{{instance}}",
                ),
            ),
        ),
        Panel(
            title="Time of a task",
            question="From taken to its receipt in Kafka: does the provider slow it down?",
            unit="seconds",
            queries=(
                Query(
                    expression="histogram_quantile(0.5, sum by (lane, le) "
                    "(rate(eureke_worker_task_seconds_bucket[$window])))",
                    legend="{{lane}}, median",
                ),
                Query(
                    expression="histogram_quantile(0.99, sum by (lane, le) "
                    "(rate(eureke_worker_task_seconds_bucket[$window])))",
                    legend="{{lane}}, p99",
                ),
            ),
        ),
        Panel(
            title="Notifications, by outcome",
            question="What did the provider say of each?",
            unit="per_s",
            stacked=True,
            queries=(
                Query(
                    expression="sum by (outcome) "
                    "(rate(eureke_worker_notifications_total[$window]))",
                    legend="{{outcome}}",
                ),
            ),
        ),
        Panel(
            title="Requests that failed as a whole",
            question="Is the provider away, slow, or full? Pauses come from these.",
            unit="per_s",
            queries=(
                Query(
                    expression="sum by (kind) (rate(eureke_worker_request_errors_total[$window]))",
                    legend="{{kind}}",
                ),
            ),
        ),
        Panel(
            title="Since the last task, by worker",
            question="Is a worker silent while tasks wait?",
            unit="seconds",
            queries=(
                Query(
                    expression="clamp_min(time() - eureke_worker_last_task_timestamp_seconds, 0)",
                    legend="{{instance}}",
                ),
            ),
        ),
    ),
)
