"""Kafka: how fast the log grows, how far behind its readers are, how fast it answers."""

from typing import Final

from eureke.dashboards.panel import Board, Panel, Query

KAFKA: Final = Board(
    id="kafka",
    title="Kafka",
    about="from the log's own offsets: what is written, what is read, what it takes",
    panels=(
        Panel(
            title="Records written, by topic",
            question="How fast does the log grow? Receipts are one record a batch.",
            unit="per_s",
            queries=(
                Query(
                    expression="sum by (topic) (deriv(eureke_kafka_end_offset[$window]))",
                    legend="{{topic}}",
                ),
            ),
        ),
        Panel(
            title="Lag, by partition",
            question="Is one partition behind the others? Then one user, or one member, is slow.",
            unit="count",
            queries=(
                Query(
                    expression="sum by (topic, partition) (eureke_kafka_lag_records)",
                    legend="{{topic}} {{partition}}",
                ),
            ),
        ),
        Panel(
            title="One small request",
            question="How long does the broker take to answer? It is asked by the exporter.",
            unit="seconds",
            queries=(
                Query(
                    expression='eureke_exporter_round_trip_seconds{server="kafka"}',
                    legend="offsets",
                ),
            ),
        ),
        Panel(
            title="Dead letters",
            question="How many were given up for good?",
            unit="count",
            queries=(
                Query(
                    expression='sum(eureke_kafka_end_offset{topic=~".*dead-letters"})',
                    legend="dead letters",
                ),
            ),
        ),
        Panel(
            title="The broker's CPU",
            question="How much of the machine does the log need?",
            unit="cores",
            queries=(
                Query(
                    expression='sum(rate(eureke_process_cpu_seconds_total{process="kafka"}[$window]))',
                    legend="kafka",
                ),
            ),
        ),
        Panel(
            title="The broker's memory",
            question="Does it grow? The log is in the page cache and not in here.",
            unit="bytes",
            queries=(
                Query(
                    expression='eureke_process_resident_memory_bytes{process="kafka"}',
                    legend="kafka",
                ),
            ),
        ),
    ),
)
