"""What Prometheus knows, as tables."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd
import requests

from eureke.errors import BadParameter, ServiceFailed

TIMEOUT_S: Final = 10.0
LOOK_S: Final = 0.1
ALIGNED_S: Final = 0.01
"""The time of a sample may be moved by 2 ms, to a round one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One process that Prometheus asks."""

    job: str
    instance: str
    url: str
    up: bool
    trouble: str
    """Empty where it answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert whose condition holds."""

    name: str
    state: str
    """`pending` until it has held for long enough, `firing` from then on."""
    since_s: float
    """When it began to hold, in Unix time."""
    labels: Mapping[str, str]
    summary: str
    remedy: str


class Prometheus:
    """A Prometheus server, asked by its HTTP API."""

    def __init__(self, url: str) -> None:
        if not url:
            raise BadParameter(
                "there is no Prometheus in this stack",
                remedy="start one that is watched: the scenario's `monitoring = true`",
            )
        self._url = url
        self._session = requests.Session()

    def now(self, query: str, *, at_s: float | None = None) -> pd.DataFrame:
        """A row for each series of an expression's result: its labels, `time_s` and `value`.

        A range, such as `up[60s]`, has a row for each sample, with the time it was taken at.

        Args:
            query: in Prometheus' language.
            at_s: the moment it is evaluated for, in Unix time; now when None.

        Raises:
            BadParameter: the expression is refused.
            ServiceFailed: Prometheus does not answer.
        """
        moment = {} if at_s is None else {"time": repr(float(at_s))}
        return _table(self._get("query", query=query, **moment))

    def over(self, query: str, *, begin_s: float, end_s: float, step_s: float) -> pd.DataFrame:
        """The same for many moments: a row for each series and moment.

        Args:
            query: in Prometheus' language.
            begin_s: the first moment, in Unix time.
            end_s: the last one.
            step_s: from one to the next.
        """
        span = {
            "start": repr(float(begin_s)),
            "end": repr(float(end_s)),
            "step": repr(float(step_s)),
        }
        return _table(self._get("query_range", query=query, **span))

    def targets(self) -> list[Target]:
        """Every process that is asked, and whether it answered the last time."""
        return [
            Target(
                job=each["labels"]["job"],
                instance=each["labels"]["instance"],
                url=each["scrapeUrl"],
                up=each["health"] == "up",
                trouble=each["lastError"],
            )
            for each in self._get("targets", state="active")["activeTargets"]
        ]

    def alerts(self) -> list[Alert]:
        """Those whose condition holds now; one that is over is no longer among them."""
        return [
            Alert(
                name=each["labels"]["alertname"],
                state=each["state"],
                since_s=pd.Timestamp(each["activeAt"]).timestamp(),
                labels=each["labels"],
                summary=each["annotations"].get("summary", ""),
                remedy=each["annotations"].get("remedy", ""),
            )
            for each in self._get("alerts")["alerts"]
        ]

    def until_scraped(self, after_s: float, *, within_s: float = 10.0) -> None:
        """Returns when every target was asked after that moment, in Unix time, and it is kept.

        Raises:
            ServiceFailed: one was not, within that time.
        """
        limit_s = time.monotonic() + within_s
        while late := self._not_since(after_s + ALIGNED_S):
            if time.monotonic() > limit_s:
                raise ServiceFailed(
                    f"Prometheus has kept no sample of {', '.join(sorted(late))} within "
                    f"{within_s:g} s",
                    remedy="see its targets, the room on its disk, and its log: "
                    "`eureke logs prometheus`",
                )
            time.sleep(LOOK_S)

    def _not_since(self, moment_s: float) -> set[str]:
        """Targets without a sample since; a target is shown as asked before its samples are."""
        known = {each.instance for each in self.targets()}
        asked = self.now("timestamp(up)")
        return (known or {"anybody"}) - set(asked[asked["value"] > moment_s].get("instance", ()))

    def _get(self, what: str, **parameters: str) -> Any:
        try:
            answer = self._session.get(
                f"{self._url}/api/v1/{what}", params=parameters, timeout=TIMEOUT_S
            )
            found = answer.json()
        except requests.RequestException as error:
            raise ServiceFailed(
                f"Prometheus at {self._url} does not answer: {error}",
                remedy="see that it runs: `eureke status`",
            ) from error
        if found["status"] != "success":
            raise BadParameter(
                f"Prometheus refuses {parameters.get('query', what)!r}: {found['error']}",
                remedy="correct the expression; see PromQL's documentation",
            )
        return found["data"]


def _table(found: Mapping[str, Any]) -> pd.DataFrame:
    """A row for each series and moment of an answer of any type."""
    rows = [
        labels | {"time_s": float(moment_s), "value": float(value)}
        for labels, points in _series(found)
        for moment_s, value in points
    ]
    return pd.DataFrame(rows) if rows else pd.DataFrame(columns=["time_s", "value"])


def _series(found: Mapping[str, Any]) -> Iterator[tuple[dict[str, str], list[tuple[float, str]]]]:
    match found["resultType"]:
        case "scalar":
            yield {}, [found["result"]]
        case "matrix":
            yield from ((each["metric"], each["values"]) for each in found["result"])
        case _:
            yield from ((each["metric"], [each["value"]]) for each in found["result"])
