"""eureke: a benchmarking and teaching workbook. Notebooks use the names in `__all__` and no others.

The names load when they are first used: the processes of a stack import this package too, and
a worker has no need of matplotlib.
"""

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from eureke import charts, doctor, experiments, learn, theory, tolls
    from eureke.chapter import Chapter
    from eureke.clients import follow
    from eureke.errors import EurekeError
    from eureke.measure.prometheus import Prometheus
    from eureke.measure.results import Result, list_results, load_result
    from eureke.notification import Notification
    from eureke.run import Run
    from eureke.scenario import Scenario
    from eureke.stack.stack import Stack

__all__ = [
    "Chapter",
    "EurekeError",
    "Notification",
    "Prometheus",
    "Result",
    "Run",
    "Scenario",
    "Stack",
    "charts",
    "doctor",
    "experiments",
    "follow",
    "learn",
    "list_results",
    "load_result",
    "theory",
    "tolls",
]

_HOMES: Final = {
    "Chapter": "eureke.chapter",
    "EurekeError": "eureke.errors",
    "Notification": "eureke.notification",
    "Prometheus": "eureke.measure.prometheus",
    "Result": "eureke.measure.results",
    "Run": "eureke.run",
    "Scenario": "eureke.scenario",
    "Stack": "eureke.stack.stack",
    "follow": "eureke.clients",
    "list_results": "eureke.measure.results",
    "load_result": "eureke.measure.results",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    if name in __all__:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
