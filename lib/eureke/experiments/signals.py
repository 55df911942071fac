"""What to watch of this system, and why: RED, USE and the four golden signals, with the answers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import pandas as pd

from eureke.measure.prometheus import Prometheus


@dataclass(frozen=True, slots=True)
class Signal:
    """A question about the system, and who would ask it."""

    golden: str
    method: str
    question: str
    expression: str
    form: Callable[[float], str]


def _per_s(value: float) -> str:
    return f"{value:,.0f}/s"


def _percent(value: float) -> str:
    return f"{100 * value:.2f} %"


def _milliseconds(value: float) -> str:
    return f"{1000 * value:.1f} ms"


def _cores(value: float) -> str:
    return f"{value:.2f} cores"


def _records(value: float) -> str:
    return f"{value:,.0f}"


_ASKED: Final = 'eureke_api_requests_total{route="/notifications"}'
SIGNALS: Final = (
    Signal(
        "traffic", "RED: rate", "How much is asked of the API?", f"sum(rate({_ASKED}[5s]))", _per_s
    ),
    Signal(
        "errors",
        "RED: errors",
        "Which share of it fails, by our fault?",
        '(sum(rate(eureke_api_requests_total{status=~"5.."}[5s])) or vector(0))'
        f" / sum(rate({_ASKED}[5s]))",
        _percent,
    ),
    Signal(
        "latency",
        "RED: duration",
        "How long do 99 of 100 requests take at most?",
        "histogram_quantile(0.99, sum by (le) (rate("
        'eureke_api_request_duration_seconds_bucket{route="/notifications"}[5s])))',
        _milliseconds,
    ),
    Signal(
        "latency",
        "RED: duration",
        "And how long is the provider's part?",
        "histogram_quantile(0.99, sum by (le) (rate("
        'eureke_dispatcher_stage_seconds_bucket{lane="bulk",stage="provider"}[5s])))',
        _milliseconds,
    ),
    Signal(
        "saturation",
        "USE: utilisation",
        "How much of the machine is busy?",
        "eureke_host_busy_cores",
        _cores,
    ),
    Signal(
        "saturation",
        "USE: saturation",
        "How much work waits in Kafka?",
        'sum(eureke_kafka_lag_records{topic=~".*bulk"})',
        _records,
    ),
    Signal(
        "saturation",
        "USE: saturation",
        "How much work waits in Celery's queue?",
        "sum(eureke_queue_tasks)",
        _records,
    ),
    Signal(
        "errors",
        "USE: errors",
        "Does the cache drop keys for lack of memory?",
        'rate(eureke_redis_evicted_keys_total{server="redis-cache"}[5s])',
        _per_s,
    ),
)


def signals(prometheus: Prometheus, *, at_s: float) -> pd.DataFrame:
    """What each question's answer was at a moment, in Unix time.

    Returns:
        A row for each question: golden, method, question, answer, expression.
    """
    return pd.DataFrame(
        {
            "golden signal": each.golden,
            "method": each.method,
            "question": each.question,
            "answer": _answer(prometheus, each, at_s),
            "expression": each.expression,
        }
        for each in SIGNALS
    )


def _answer(prometheus: Prometheus, signal: Signal, at_s: float) -> str:
    found = prometheus.now(signal.expression, at_s=at_s)
    return signal.form(float(found["value"].iloc[0])) if len(found) else "no data"
