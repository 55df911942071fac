"""The API and Nginx in front of it: rate, errors and duration of what is asked."""

from typing import Final

from eureke.dashboards.panel import Board, Panel, Query

API: Final = Board(
    id="api",
    title="The API behind Nginx",
    about="rate, errors and duration, each replica beside the others",
    panels=(
        Panel(
            title="Requests, by replica",
            question="Do the replicas share the load?",
            unit="per_s",
            queries=(
                Query(
                    expression="sum by (instance) (rate(eureke_api_requests_total[$window]))",
                    legend="{{instance}}",
                ),
            ),
        ),
        Panel(
            title="Answers, by status",
            question="How many went wrong, and whose fault was it? 4xx is the client's.",
            unit="per_s",
            stacked=True,
            queries=(
                Query(
                    expression="sum by (status) (rate(eureke_api_requests_total[$window]))",
                    legend="{{status}}",
                ),
            ),
        ),
        Panel(
            title="Duration, 99th percentile",
            question="Which door is slow?",
            unit="seconds",
            queries=(
                Query(
                    expression="histogram_quantile(0.99, sum by (route, le) "
                    "(rate(eureke_api_request_duration_seconds_bucket[$window])))",
                    legend="{{route}}",
                ),
            ),
        ),
        Panel(
            title="Requests in progress",
            question="Does work pile up inside a replica?",
            unit="count",
            queries=(Query(expression="eureke_api_requests_in_progress", legend="{{instance}}"),),
        ),
        Panel(
            title="Nginx: requests",
            question="Does Nginx see what the replicas see? Retries make the sums differ.",
            unit="per_s",
            queries=(
                Query(expression="rate(eureke_nginx_requests_total[$window])", legend="Nginx"),
                Query(
                    expression="sum(rate(eureke_api_requests_total[$window]))", legend="replicas"
                ),
            ),
        ),
        Panel(
            title="Nginx: connections",
            question="Are clients slow to send (reading) or to take (writing)?",
            unit="count",
            queries=(Query(expression="eureke_nginx_connections", legend="{{state}}"),),
        ),
    ),
)
