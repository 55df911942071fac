"""What expressions of Prometheus' language answer, over a while."""

from collections.abc import Mapping
from typing import Final

import pandas as pd

from eureke.measure.prometheus import Prometheus

NAME: Final = "__name__"


def expressions(
    prometheus: Prometheus,
    asked: Mapping[str, str],
    *,
    begin_s: float,
    end_s: float,
    step_s: float = 0.5,
) -> pd.DataFrame:
    """The answers of each expression.

    Args:
        prometheus: is asked.
        asked: the expressions, by what a reader calls them.
        begin_s: the first moment, in Unix time; `t_s` counts from it.
        end_s: the last one.
        step_s: from one moment to the next.

    Returns:
        A row for each expression, line and moment: name, expression, line, t_s, value. A line is
        called by those of its labels in which it differs from the others.
    """
    tables = []
    for name, expression in asked.items():
        found = prometheus.over(expression, begin_s=begin_s, end_s=end_s, step_s=step_s)
        lines = _lines(found)
        table = pd.DataFrame({"line": lines, "t_s": found["time_s"] - begin_s})
        table["value"] = found["value"]
        tables.append(table.assign(name=name, expression=expression))
    return pd.concat(tables, ignore_index=True).dropna(subset="value")


def _lines(found: pd.DataFrame) -> "pd.Series[str]":
    labels = found.drop(columns=["time_s", "value", NAME], errors="ignore")
    differing = [each for each in labels if labels[each].nunique() > 1]
    if not differing:
        return pd.Series("", index=found.index, dtype=str)
    return labels[differing].fillna("").agg(" ".join, axis=1)
