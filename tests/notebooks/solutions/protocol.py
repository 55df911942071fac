"""Answers to the exercises on choosing a protocol, and some that are wrong."""

from typing import Any, Final

RIGHT: Final[dict[str, Any]] = {
    "cores": lambda per_hour, cpu_ms_each: per_hour / 3600 * cpu_ms_each / 1000,
    "batch": lambda request_ms, item_ms, limit_ms: max(1, int((limit_ms - request_ms) // item_ms)),
    "delay": lambda every_s: (every_s, every_s / 2),
}
WRONG: Final[list[tuple[str, Any]]] = [
    ("cores", lambda per_hour, cpu_ms_each: per_hour * cpu_ms_each),
    ("cores", lambda per_hour, cpu_ms_each: 1.0),
    ("batch", lambda request_ms, item_ms, limit_ms: int(limit_ms // item_ms)),
    ("batch", lambda request_ms, item_ms, limit_ms: int((limit_ms - request_ms) // item_ms)),
    ("batch", lambda request_ms, item_ms, limit_ms: 1),
    ("delay", lambda every_s: (every_s, every_s)),
    ("delay", lambda every_s: (every_s / 2, every_s / 2)),
]
