"""What expressions answer: a line for each series, called by what tells it from the others."""

import pandas as pd

from eureke.experiments import expressions
from eureke.measure.prometheus import Prometheus


class Answers(Prometheus):
    """One that knows the answer to everything."""

    def __init__(self, table: pd.DataFrame) -> None:
        self._table = table

    def over(self, query: str, **_span: float) -> pd.DataFrame:  # noqa: ARG002
        return self._table


def test_a_line_is_called_by_the_labels_in_which_it_differs() -> None:
    """What all have in common tells nothing; what is no number is left out."""
    table = pd.DataFrame(
        {
            "__name__": ["requests", "requests", "requests"],
            "job": ["api", "api", "api"],
            "instance": ["api-1", "api-2", "api-2"],
            "time_s": [100.0, 100.0, 101.0],
            "value": [1.0, 2.0, float("nan")],
        }
    )
    found = expressions(Answers(table), {"a counter": "requests"}, begin_s=100, end_s=101)
    assert list(found["line"]) == ["api-1", "api-2"]
    assert list(found["t_s"]) == [0, 0]
    assert set(found["expression"]) == {"requests"}


def test_a_single_line_needs_no_name() -> None:
    table = pd.DataFrame({"job": ["api"], "time_s": [100.0], "value": [1.0]})
    found = expressions(Answers(table), {"one": "x"}, begin_s=99, end_s=101)
    assert list(found["line"]) == [""]
    assert list(found["t_s"]) == [1]


def test_no_answer_is_no_line() -> None:
    nothing = pd.DataFrame(columns=["time_s", "value"])
    assert len(expressions(Answers(nothing), {"one": "x"}, begin_s=0, end_s=1)) == 0
