"""Series of a result's timeline, as numpy arrays."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from eureke.errors import ResultUnreadable

if TYPE_CHECKING:
    from eureke.measure.results import Result

Values = npt.NDArray[np.float64]


def of_phase(result: "Result", phase: str) -> pd.DataFrame:
    """The timeline of one phase; empty where the run did not get that far."""
    try:
        table = result.timeline
    except ResultUnreadable:
        if result.summary.get("aborted"):
            return pd.DataFrame(columns=["t_s", "phase", "series", "value"])
        raise
    return pd.DataFrame(table[table["phase"] == phase])


def series(table: pd.DataFrame, name: str) -> tuple[Values, Values]:
    """Times and values of one series, in the order of time."""
    rows = table[table["series"] == name].sort_values("t_s")
    return rows["t_s"].to_numpy(dtype=float), rows["value"].to_numpy(dtype=float)


def names(table: pd.DataFrame, prefix: str) -> list[str]:
    """What comes after the prefix in the names of the series that have it."""
    found = table["series"].unique()
    return sorted(str(each).removeprefix(prefix) for each in found if str(each).startswith(prefix))


def step_s(t_s: Values) -> float:
    """The distance of the times of a series."""
    return float(np.median(np.diff(t_s))) if len(t_s) > 1 else 0.25


def of_summary(result: "Result", phase: str) -> dict[str, Any]:
    """What the summary says of one phase; empty where the run did not get that far."""
    told: dict[str, Any] = result.summary.get("phases", {}).get(phase, {})
    return told
