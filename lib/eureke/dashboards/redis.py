"""Redis: the queue that must not lose a key, and the cache that may."""

from typing import Final

from eureke.dashboards.panel import Board, Panel, Query

REDIS: Final = Board(
    id="redis",
    title="Redis",
    about="two servers: one holds Celery's queue and evicts nothing, one is a cache",
    panels=(
        Panel(
            title="Commands",
            question="How much work is it? Batches keep it low.",
            unit="per_s",
            queries=(
                Query(
                    expression="sum by (server) (rate(eureke_redis_commands_total[$window]))",
                    legend="{{server}}",
                ),
            ),
        ),
        Panel(
            title="Memory, of what it may have",
            question="How near is the limit? The queue's server refuses writes there.",
            unit="share",
            limit=0.8,
            queries=(
                Query(
                    expression="eureke_redis_memory_used_bytes / eureke_redis_memory_max_bytes",
                    legend="{{server}}",
                ),
            ),
        ),
        Panel(
            title="Keys that were there",
            question="Does the cache help? A cold one does not.",
            unit="share",
            queries=(
                Query(
                    expression="sum by (server) (rate(eureke_redis_hits_total[$window])) / "
                    "(sum by (server) (rate(eureke_redis_hits_total[$window])) + "
                    "sum by (server) (rate(eureke_redis_misses_total[$window])))",
                    legend="{{server}}",
                ),
            ),
        ),
        Panel(
            title="Keys dropped for lack of memory",
            question="Is the cache too small? The queue's server must never drop one.",
            unit="per_s",
            queries=(
                Query(
                    expression="sum by (server) (rate(eureke_redis_evicted_keys_total[$window]))",
                    legend="{{server}}",
                ),
            ),
        ),
        Panel(
            title="One small request",
            question="How long does it take to answer?",
            unit="seconds",
            queries=(
                Query(
                    expression='eureke_exporter_round_trip_seconds{server=~"redis.*"}',
                    legend="{{server}}",
                ),
            ),
        ),
        Panel(
            title="Connections",
            question="Does somebody open one each time, or leak them?",
            unit="count",
            queries=(Query(expression="eureke_redis_clients", legend="{{server}}"),),
        ),
    ),
)
