"""Stages: where a notification spends its time, and what waits between two stages."""

from typing import Final

from eureke.dashboards.panel import Board, Panel, Query


def _percentile(share: float) -> Query:
    return Query(
        expression=f"histogram_quantile({share:g}, sum by (stage, le) "
        "(rate(eureke_dispatcher_stage_seconds_bucket[$window])))",
        legend="{{stage}}",
    )


STAGES: Final = Board(
    id="stages",
    title="The stages of a notification",
    about="time by stage from buckets, so between two limits at best; what waits, and for what",
    panels=(
        Panel(
            title="Median time in a stage",
            question="Where does an ordinary notification spend its time?",
            unit="seconds",
            queries=(_percentile(0.5),),
        ),
        Panel(
            title="99th percentile of the time in a stage",
            question="Where does an unlucky one? Percentiles of stages do not add up.",
            unit="seconds",
            queries=(_percentile(0.99),),
        ),
        Panel(
            title="Batches in flight",
            question="How many are with the workers? At the limit the dispatcher stops reading.",
            unit="count",
            queries=(
                Query(
                    expression="sum by (lane) (eureke_dispatcher_in_flight_batches)",
                    legend="{{lane}}",
                ),
            ),
        ),
        Panel(
            title="Waiting to be tried again",
            question="How many failed for now, and how many wait for a paused channel?",
            unit="count",
            queries=(
                Query(
                    expression="sum by (lane) (eureke_dispatcher_waiting_notifications)",
                    legend="{{lane}}, failed for now",
                ),
                Query(
                    expression="sum by (lane) (eureke_dispatcher_parked_notifications)",
                    legend="{{lane}}, channel paused",
                ),
            ),
        ),
        Panel(
            title="Batches sent again",
            question="How often did no receipt come in time? Lost tasks heal this way.",
            unit="per_s",
            queries=(
                Query(
                    expression="sum by (lane) "
                    "(rate(eureke_dispatcher_batches_again_total[$window]))",
                    legend="{{lane}}",
                ),
            ),
        ),
        Panel(
            title="Since an offset was last committed",
            question="How much would be read again after a crash? With a backlog it must not grow.",
            unit="seconds",
            queries=(
                Query(
                    expression="clamp_min(time() - max by (lane) "
                    "(eureke_dispatcher_progress_timestamp_seconds), 0)",
                    legend="{{lane}}",
                ),
            ),
        ),
    ),
)
