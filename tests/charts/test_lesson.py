"""The chapters' figures: drawn from kept tables alone, the same each time, the finding on top."""

from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from matplotlib.text import Text

from eureke import charts
from eureke.charts import Chart
from eureke.measure.results import Result, ResultWriter

Draw = Callable[[Result], Chart]
RUN = {
    "backend": "processes",
    "images": {},
    "machine": {"cores_usable": 2, "processor": "a processor", "commit": "0" * 40, "dirty": False},
}
PAGES = pd.DataFrame(
    [
        {"change": "somebody comes", "by": by, "user": f"u{n}", "seen": seen}
        for by, counts in (("offset", [1, 2, 0]), ("cursor", [1, 1, 1]))
        for n, seen in enumerate(counts)
    ]
)
RETRIES = pd.DataFrame(
    [
        {
            "t_s": t_s,
            "taken": t_s > 0.5,
            "policy": policy,
            "away_s": 0.5,
            "per_s": 9.0,
            "clients": 3,
        }
        for policy, times in (("together", [0, 0.6, 0.6, 0.6]), ("apart", [0, 0.6, 0.7, 0.8]))
        for t_s in times
    ]
)
REUSE = pd.DataFrame(
    [{"way": way, "ms": ms} for way, ms in (("each", 2.0), ("kept", 1.0)) for _ in range(9)]
)
TRIPS = pd.DataFrame(
    [
        {"way": "REST", "users": 20, "requests": 40, "bytes": 3000},
        {"way": "GraphQL", "users": 20, "requests": 1, "bytes": 1000},
    ]
)
STATEMENTS = pd.DataFrame(
    [
        {"way": way, "asked": asked, "statements": asked if way == "one by one" else 1}
        for asked in (1, 5, 9)
        for way in ("one by one", "together")
    ]
)
PROTOCOLS = pd.DataFrame(
    [
        {"job": job, "way": way, "items": 9, "items_per_s": per_s, "p50_ms": 1.0, "p99_ms": 2.0,
         "bytes_each": 300.0, "cpu_ms_each": 0.0}
        for job, way, per_s in (("nothing", "bare", 9000.0), ("send", "many", 8000.0),
                                ("send", "one", 400.0))
    ]
)  # fmt: skip
EXPRESSIONS = pd.DataFrame(
    [
        {"name": name, "expression": expression, "line": line, "t_s": float(t_s), "value": value}
        for name, expression, lines, value in (
            ("sum, then rate", "rate(sum(x)[4s:1s])", ["one", "two"], 9.0),
            ("rate, then sum", "sum(rate(x[4s]))", [""], 3.0),
            ("a percentile", "histogram_quantile(0.99, x)", [""], 0.02),
        )
        for line in lines
        for t_s in range(3)
    ]
)
BUCKETS = pd.DataFrame({"le": ["0.02", "0.05", "+Inf"], "value": [5.0, 10.0, 10.0]})
QUANTILES = pd.DataFrame(
    [{"quantile": 0.9, "exact_ms": 30.0, "told_ms": 44.0, "low_ms": 20.0, "high_ms": 50.0,
      "error": 0.4667}]
)  # fmt: skip
SCRAPES = pd.DataFrame(
    [
        {"kind": kind, "every": every, "offset": offset, "t_s": float(t_s),
         "value": (9.0 * (t_s == 2) if kind == "backlog" else 9.0 * (t_s > 1))}
        for kind in ("backlog", "read")
        for every in (1, 3)
        for offset in range(every)
        for t_s in range(offset, 6, every)
    ]
    + [{"kind": "sampler", "every": 0, "offset": 0, "t_s": 1.9, "value": 9.0}]
)  # fmt: skip
ALARM = pd.DataFrame(
    {
        "t_s": [-0.1, 1.0, 4.5, 6.0, 7.0],
        "running": [True, False, False, True, True],
        "up": [True, False, False, True, True],
        "state": ["inactive", "pending", "firing", "firing", "inactive"],
    }
)
SYMPTOMS = pd.DataFrame(
    [("the provider is away", 0.0, 4.0), ("a backlog", 2.0, 7.0), ("errors", 1.0, 5.0)],
    columns=["symptom", "begin_s", "end_s"],
)
OMISSION = pd.DataFrame(
    [
        {
            "sender": sender,
            "intended_s": number / 10,
            "sent_s": number / 10,
            "from_intended_ms": 100.0 if number > 4 else 10.0,
            "from_sent_ms": 100.0 if number > 4 and sender == "open loop" else 10.0,
            "pause_s": 0.5,
            "resume_s": 2.5,
        }
        for sender in ("open loop", "closed loop")
        for number in range(20)
    ]
)
ENOUGH = pd.DataFrame(
    [
        {
            "name": "p99",
            "quantile": 0.99,
            "size": size,
            "low_ms": 10.0,
            "high_ms": high_ms,
            "truth_ms": 15.0,
            "told": size >= 1_000,
        }
        for size, high_ms in ((100, 40.0), (1_000, 20.0))
    ]
)
LEVELS = pd.DataFrame(
    {
        "offered_per_s": [50.0, 90.0, 110.0],
        "p50_ms": [10.0, 12.0, 300.0],
        "p90_ms": [20.0, 60.0, 900.0],
        "p99_ms": [float("nan"), 90.0, 1200.0],
        "on_time": [True, True, False],
        "n": [200, 400, 500],
        "servers": 1,
        "service_ms": 10.0,
    }
)
WAYS = pd.DataFrame(
    [
        {"round": number, "way": way, "sample": 10, "wall_s": 1.0, "per_s": per_s + number}
        for number in (1, 2, 3)
        for way, per_s in (("one each", 98.0), ("this pipeline, and more", 4_998.0))
    ]
)
JOURNEY = pd.DataFrame(
    [
        {"id": f"n{number}", "typical": number == 150, "receipt_ms": 6.5 + number / 10,
         "send_lag_ms": 0.1, "kafka_ms": 1.0, "dispatch_ms": 0.4, "queue_ms": 0.5,
         "provider_ms": 4.0 + number / 10, "receipt_topic_ms": 0.5}
        for number in range(300)
    ]
)  # fmt: skip
SIZES = pd.DataFrame(
    [
        {"kind": kind, "round": number, "count": count, "per_s": per_s * count**0.5 + number}
        for kind, per_s in (("api", 4_000.0), ("worker", 900.0))
        for number in range(2)
        for count in (1, 2)
    ]
)
LOAD = pd.DataFrame(
    [
        {"count": count, "offered_per_s": offered, "achieved_per_s": offered, "p50_ms": 1.0,
         "p99_ms": offered / 100, "n": 2_000}
        for count in (1, 2)
        for offered in (1_000.0, 4_000.0)
    ]
)  # fmt: skip
DEMAND = pd.DataFrame(
    [
        {"count": count, "offered_per_s": offered, "achieved_per_s": offered, "p50_ms": 9.0,
         "p99_ms": p99_ms, "lag_per_s": lag_per_s, "keeps_up": lag_per_s < 90, "n": 900}
        for count, offered, p99_ms, lag_per_s in ((1, 900.0, None, 400.0), (2, 900.0, None, 1.0))
    ]
)  # fmt: skip
FIGURES: list[Any] = [
    pytest.param(
        charts.figure_omission, "omission", OMISSION, "p90 is 100 ms, and a sender", id="omission"
    ),
    pytest.param(charts.figure_enough, "enough", ENOUGH, "off by up to 4.0 times", id="enough"),
    pytest.param(
        charts.figure_levels, "levels", LEVELS, "p90 grows from 20.0 to 60.0", id="levels"
    ),
    pytest.param(charts.figure_ways, "ways", WAYS, "50 times as fast as one each", id="ways"),
    pytest.param(
        charts.figure_journey, "journey", JOURNEY, "21.5 ms for one notification", id="journey"
    ),
    pytest.param(
        charts.figure_percentile, "journey", JOURNEY, "90 of them less than 35.5", id="percentile"
    ),
    pytest.param(
        charts.figure_expressions, "expressions", EXPRESSIONS, "2 counters that", id="expressions"
    ),
    pytest.param(charts.figure_scaling, "sizes", SIZES, "1.4 times", id="scaling"),
    pytest.param(charts.figure_resets, "resets", EXPRESSIONS, "sees 9 requests", id="resets"),
    pytest.param(charts.figure_scrapes, "scrapes", SCRAPES, "in 1 of 3 cases", id="scrapes"),
    pytest.param(charts.figure_alarm, "alarm", ALARM, "for the first 4.5 s, and", id="alarm"),
    pytest.param(
        charts.figure_symptoms, "symptoms", SYMPTOMS, "after 1.0 s: errors", id="symptoms"
    ),
    pytest.param(
        charts.figure_protocols, "protocols", PROTOCOLS, "“many” takes 20 times", id="protocols"
    ),
    pytest.param(charts.figure_trips, "trips", TRIPS, "of 40 requests, and 3.0", id="trips"),
    pytest.param(
        charts.figure_statements, "statements", STATEMENTS, "9 statements for 9", id="statements"
    ),
    pytest.param(charts.figure_pages, "pages", PAGES, "By offset 2 users", id="pages"),
    pytest.param(charts.figure_retries, "retries", RETRIES, "up to 3 clients", id="retries"),
    pytest.param(charts.figure_reuse, "reuse", REUSE, "2.0 times as fast", id="reuse"),
]


@pytest.mark.parametrize(("draw", "name", "table", "finding"), FIGURES)
def test_a_figure_tells_its_finding(
    draw: Draw, name: str, table: pd.DataFrame, finding: str, tmp_path: Path
) -> None:
    """In its title, from the table; where it was, at its foot; the same picture twice."""
    writer = ResultWriter(tmp_path)
    writer.write_json("run.json", RUN)
    table.to_parquet(writer.folder / f"{name}.parquet")
    result = Result(writer.folder)
    chart = draw(result)
    said = " ".join(" ".join(each.get_text().split()) for each in chart.findobj(Text))
    assert finding in chart.sentence
    assert finding in said
    assert "processes on 2 cores" in said
    assert writer.run_id in said
    assert chart.svg() == draw(Result(writer.folder)).svg()


def test_percentiles_are_drawn_beside_their_buckets(tmp_path: Path) -> None:
    """From three tables; the title has the worst of them."""
    writer = ResultWriter(tmp_path)
    writer.write_json("run.json", RUN)
    QUANTILES.to_parquet(writer.folder / "quantiles.parquet")
    BUCKETS.to_parquet(writer.folder / "buckets.parquet")
    truth = pd.DataFrame({"provider_ms": [10.0] * 5 + [30.0] * 5})
    truth.to_parquet(writer.folder / "truth.parquet")
    chart = charts.figure_quantiles(Result(writer.folder))
    assert "p90 is 30.0 ms, Prometheus says 44.0 ms" in chart.sentence
    assert "20 to 50 ms" in chart.sentence


def scaled(root: Path, demand: pd.DataFrame) -> Result:
    """The result of a chapter on scaling."""
    writer = ResultWriter(root)
    writer.write_json("run.json", RUN)
    for name, table in {"sizes": SIZES, "load": LOAD, "demand": demand}.items():
        table.to_parquet(writer.folder / f"{name}.parquet")
    return Result(writer.folder)


@pytest.mark.parametrize("p99_ms", [None, 250.0])
def test_a_knee_without_a_percentile_says_so(p99_ms: float | None, tmp_path: Path) -> None:
    """Short loads have too few notifications for a p99; those of the API have enough."""
    chart = charts.figure_knee(scaled(tmp_path, DEMAND.assign(p99_ms=p99_ms)))
    said = [each.get_text() for each in chart.findobj(Text)]
    assert "grows 4.0 times, its p99 4 times" in chart.sentence
    assert ("too few for a p99" in said) is (p99_ms is None)
    assert chart.svg()


def test_demand_tells_what_was_tried_and_what_that_implies(tmp_path: Path) -> None:
    """One worker that keeps up implies two that do."""
    chart = charts.figure_demand(scaled(tmp_path, DEMAND))
    assert "1 with none of these, 2 with 900" in chart.sentence
    chart = charts.figure_demand(scaled(tmp_path, DEMAND.assign(keeps_up=True).iloc[:1]))
    said = [each.get_text() for each in chart.findobj(Text)]
    assert said.count("keeps up") == 2


def test_a_percentile_of_a_hundred_is_one_of_them() -> None:
    """As many as it says were faster; what is left over is no hundred."""
    each = charts.hundreds(JOURNEY.iloc[:250])
    assert len(each) == 2
    for number, told in each.iterrows():
        values = JOURNEY["receipt_ms"].iloc[100 * int(str(number)) :].iloc[:100]
        assert [(values < told[name]).sum() for name in ("p50", "p90", "p99")] == [50, 90, 99]
        assert set(told) <= set(values)


def test_percentiles_that_lie_close_together_are_told_apart(tmp_path: Path) -> None:
    """An outlier presses the others together; their words stay readable."""
    writer = ResultWriter(tmp_path)
    writer.write_json("run.json", RUN)
    odd = JOURNEY.assign(receipt_ms=[500.0 if n % 100 == 7 else 5.0 for n in range(len(JOURNEY))])
    odd.to_parquet(writer.folder / "journey.parquet")
    chart = charts.figure_percentile(Result(writer.folder))
    chart.canvas.draw()
    words = [each for each in chart.findobj(Text) if each.get_text()[:2] in {"p5", "p9"}]
    boxes = [each.get_window_extent() for each in words if "=" in each.get_text()]
    assert len(boxes) == 3
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
