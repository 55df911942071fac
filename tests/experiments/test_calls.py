"""What is told of calls that were made, by tables whose answer is known."""

import pandas as pd
import pytest

from eureke.charts.demand import capacity, kept
from eureke.charts.scaling import gains
from eureke.experiments import failed, recovery_s


def made(*rows: tuple[float, float, int]) -> pd.DataFrame:
    """Calls: when due, how long, what answer."""
    return pd.DataFrame(rows, columns=["t_s", "took_ms", "status"])


def test_failed_are_those_without_a_good_answer() -> None:
    """No answer, a refusal, a server's fault."""
    assert failed(made((0, 1, 200), (1, 1, 202), (2, 1, 0), (3, 1, 404), (4, 1, 502))) == 3


@pytest.mark.parametrize(
    ("rows", "took_s"),
    [
        ([(0.0, 5.0, 200), (2.0, 5.0, 200)], 0.0),
        ([(0.9, 400.0, 200)], 0.3),  # it had been sent before, and was hurt
        ([(1.5, 10.0, 502)], 0.51),
        ([(1.2, 300.0, 200), (1.1, 20.0, 200), (4.0, 249.0, 200)], 0.5),
        ([(0.1, 500.0, 0)], 0.0),  # that was over before
        ([(1.1, 300.0, 200), (6.0, 900.0, 200)], 0.4),  # that was something else
    ],
)
def test_recovery_ends_with_the_last_call_that_was_hurt(
    rows: list[tuple[float, float, int]], took_s: float
) -> None:
    """Of a trouble at the first second."""
    assert recovery_s(made(*rows), 1.0) == pytest.approx(took_s)


def test_capacity_needs_all_lower_loads_too() -> None:
    """A higher load that was kept up with by chance is none."""
    table = pd.DataFrame(
        [
            (1, 100, True), (1, 200, False), (1, 400, True),
            (2, 100, True), (2, 200, True), (2, 400, False),
            (4, 100, False), (4, 200, True), (4, 400, True),
        ],
        columns=["count", "offered_per_s", "keeps_up"],
    )  # fmt: skip
    assert capacity(table).to_dict() == {1: 100, 2: 200, 4: 0}


def test_what_was_not_tried_is_implied() -> None:
    """As a linear search leaves it: two need not be tried where one keeps up, nor one once more
    where it failed; four behind what two cannot do are another matter."""
    table = pd.DataFrame(
        [(1, 100, True), (1, 200, False), (2, 200, True), (2, 400, False)],
        columns=["count", "offered_per_s", "keeps_up"],
    )
    told = {size: [kept(table, size, load) for load in (100, 200, 400)] for size in (1, 2, 4)}
    assert told == {1: [True, False, False], 2: [True, True, False], 4: [True, True, None]}
    assert capacity(table).to_dict() == {1: 100, 2: 200}


def test_gains_are_those_of_medians() -> None:
    """From the fewest to the most, each kind by itself."""
    table = pd.DataFrame(
        [("api", 1, 10), ("api", 1, 30), ("api", 1, 20), ("api", 4, 30), ("worker", 1, 5),
         ("worker", 4, 20)],
        columns=["kind", "count", "per_s"],
    )  # fmt: skip
    assert gains(table).to_dict() == {"api": 1.5, "worker": 4.0}
