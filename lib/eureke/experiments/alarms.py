"""A process is killed and comes back: what its alert says meanwhile, look by look."""

import time
from typing import Any, Final

import pandas as pd

from eureke.errors import ServiceFailed
from eureke.measure.prometheus import Prometheus
from eureke.stack.stack import Stack

INACTIVE: Final = "inactive"
LOOK_S: Final = 0.2


def alarm(
    stack: Stack,
    prometheus: Prometheus,
    *,
    kill: str,
    alert: str = "TargetDown",
    within_s: float = 60.0,
) -> pd.DataFrame:
    """Kills a process, waits until its alert fires, starts it again, waits until all is well.

    Args:
        stack: is watched.
        prometheus: evaluates the alert.
        kill: the process.
        alert: its name.
        within_s: how long each wait may take.

    Returns:
        A row for each look: t_s (since the process was killed), time_s (Unix time), running, up
        (whether it answered Prometheus the last time), state (`inactive`, `pending`, `firing`).

    Raises:
        ServiceFailed: the alert did not fire, or did not end.
    """
    looks = _Looks(prometheus, alert, kill, within_s)
    looks.until(INACTIVE, running=True)
    stack.kill(kill)
    killed_s = time.time()
    looks.until("firing", running=False)
    stack.start_service(kill)
    looks.until(INACTIVE, running=True)
    table = pd.DataFrame(looks.rows)
    return table.assign(t_s=table["time_s"] - killed_s)


class _Looks:
    """What was seen of one alert of one process."""

    def __init__(self, prometheus: Prometheus, alert: str, instance: str, within_s: float) -> None:
        self._prometheus = prometheus
        self._alert, self._instance, self._within_s = alert, instance, within_s
        self.rows: list[dict[str, Any]] = []

    def until(self, state: str, *, running: bool) -> None:
        """Looks again and again until that is what the alert says."""
        limit_s = time.monotonic() + self._within_s
        while (seen := self._look(running)) != state:
            if time.monotonic() > limit_s:
                raise ServiceFailed(
                    f"{self._alert} of {self._instance} is {seen}, and not {state}, "
                    f"after {self._within_s:g} s",
                    remedy="see Prometheus' own page of alerts, and its log",
                )
            time.sleep(LOOK_S)

    def _look(self, running: bool) -> str:
        found = (
            each.state
            for each in self._prometheus.alerts()
            if (each.name, each.labels.get("instance")) == (self._alert, self._instance)
        )
        state = next(found, INACTIVE)
        up = self._prometheus.now(f'up{{instance="{self._instance}"}}')["value"].sum() > 0
        self.rows.append({"time_s": time.time(), "running": running, "up": up, "state": state})
        return state
