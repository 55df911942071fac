"""Several results beside each other."""

from pathlib import Path
from typing import Any

import pytest

from eureke.errors import ResultUnreadable
from eureke.measure.results import Result, ResultWriter
from eureke.measure.spread import spread_table


def result(root: Path, *, count: int = 1000, **summary: Any) -> Result:
    writer = ResultWriter(root)
    scenario = {
        "count": count,
        "latency_median_ms": 20.0,
        "item_failure_share": 0.005,
        "provider_items_per_request": 500,
    }
    machine = {"processor": "a processor", "cores_usable": 2}
    run = {"scenario": scenario, "machine": machine, "backend": "processes", "notes": "a note"}
    writer.write_json("run.json", run)
    told = {"aborted": False, "accounted": True, "valid": True, "receipt_ms": None}
    writer.write_json("summary.json", told | summary)
    return writer.close()


def test_median_least_and_most_of_each_figure(tmp_path: Path) -> None:
    """What was not measured has no row; verdicts are counted."""
    results = [result(tmp_path, wall_s=wall, valid=wall < 20) for wall in (12.0, 10.0, 25.0)]
    table = spread_table(results)
    assert "| first send to last receipt, s | 12.0 | 10.0 | 25.0 |" in table
    assert "p99" not in table
    assert "Accounted 3 of 3, valid 2 of 3." in table


def test_results_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    """Other sizes, or a run that was aborted."""
    with pytest.raises(ResultUnreadable, match="different sizes"):
        spread_table([result(tmp_path, count=1), result(tmp_path, count=2)])
    with pytest.raises(ResultUnreadable, match="aborted"):
        spread_table([result(tmp_path, aborted=True)])
