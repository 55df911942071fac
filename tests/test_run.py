"""A scenario on a stack becomes a result."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from eureke.errors import ServiceFailed
from eureke.measure.summary import result_line, summary_table
from eureke.run import Run
from eureke.scenario import Scenario
from eureke.stack.stack import Stack

PROMISED = """
    accounted valid invalid_reasons records unique duplicates malformed acknowledged delivered
    suppressed expired dead_lettered lost delivered_twice stuck phantom misjudged wall_s
    throughput_per_s kafka_floor_s floor_ratio limiter effect_ms receipt_ms system_cpu_s
    equipment_cpu_s yardstick_cpu_s peak_rss_mib
"""
SMALL = Scenario(count=4000, users=2_000, warm_up=200, open_loop_s=3, latency_median_ms=1)


def test_a_run_accounts_for_everything_and_keeps_what_it_promised(
    stack: Stack, tmp_path: Path
) -> None:
    """Both loads; every key of the summary; figures redrawn from the folder alone."""
    run = Run.begin(SMALL, stack, results_folder=tmp_path)
    million = run.flat_out()
    hourly = run.open_loop()
    result = run.close()
    assert million.account.closes, million.account
    assert hourly.account.closes, hourly.account
    summary = result.summary
    assert set(PROMISED.split()) <= set(summary)
    assert summary["accounted"] is True
    assert (million.sent, hourly.sent) == (4000, 833)
    assert summary["records"] == million.account.records + hourly.account.records
    assert million.account.records > 4000, "the urgent ones beside it are accounted for too"
    assert million.urgent_ms is not None
    assert len(result.urgent) == million.urgent_ms.n > 0
    assert summary["floor_ratio"] == pytest.approx(million.wall_s / summary["kafka_floor_s"])
    assert summary["receipt_ms"]["p50"] >= summary["effect_ms"]["p50"] > 0
    assert set(result.timeline["phase"]) == {"flat-out", "open-loop"}
    assert {"sent_per_s", "effects_per_s", "receipts_per_s", "lag"} <= set(
        result.timeline["series"]
    )
    assert len(result.samples) == hourly.account.delivered
    stages = [name for name in map(str, result.samples) if name.endswith("_ms")][2:]
    together = result.samples[stages].sum(axis=1)
    assert together.sub(result.samples["receipt_ms"]).abs().max() < 0.001
    assert "accounted" in summary_table(summary)
    assert "accounted, " in result_line(result)
    assert "redis://" not in (result.folder / "run.json").read_text()


def test_urgent_ones_in_the_bulk_lane_are_accounted_for_and_the_lane_is_as_before(
    stack: Stack, tmp_path: Path
) -> None:
    """The comparison with Celery's priorities leaves no trace in the stack."""
    before = stack.settings
    run = Run.begin(SMALL, stack, results_folder=tmp_path, floor=False)
    lanes, shared = run.flat_out(), run.one_lane()
    run.close()
    assert lanes.account.closes, lanes.account
    assert shared.account.closes, shared.account
    assert shared.account.records > shared.sent == 4000
    assert shared.urgent_ms is not None
    assert shared.urgent_ms.n > 0
    assert stack.settings == before
    assert stack.ended() == []


def test_own_notifications_are_told_one_by_one(stack: Stack, tmp_path: Path) -> None:
    """All lines of the file, whatever the count; nobody's made-up wishes hold them back."""
    run_id = secrets.token_hex(4)
    rows = [f"{run_id}-{at},{at},sms,bulk,hello,{{}},1,2" for at in range(300)]
    rows += [rows[7], f"{run_id}-old,1,sms,bulk,hello,{{}},2,2"]
    path = tmp_path / "mine.csv"
    names = "id,user_id,channel,priority,template,data,created_ns,expires_ns"
    path.write_text("\n".join([names, *rows]) + "\n")
    scenario = replace(SMALL, count=20, open_loop_s=1, input=str(path), latency_median_ms=0)
    run = Run.begin(scenario, stack, results_folder=tmp_path / "results", floor=False)
    mine, hourly = run.flat_out(), run.open_loop()
    result = run.close()
    assert mine.account.closes, mine.account
    assert hourly.account.closes, hourly.account
    table = pd.read_csv(result.folder / "outcomes.csv")
    assert dict(table["outcome"].value_counts()) == {"delivered": 300, "duplicate": 1, "expired": 1}
    assert set(table["id"]) == {row.partition(",")[0] for row in rows}


def test_an_interrupted_run_is_aborted_and_the_stack_goes_on(stack: Stack, tmp_path: Path) -> None:
    """The summary says so, the sender is stopped, and the next run closes its account."""

    def interrupt(_done: float) -> None:
        raise KeyboardInterrupt

    run = Run.begin(SMALL, stack, results_folder=tmp_path, floor=False)
    with pytest.raises(KeyboardInterrupt):
        run.flat_out(disturb=interrupt)
    (folder,) = tmp_path.iterdir()
    assert '"aborted": true' in (folder / "summary.json").read_text()
    assert stack.ended() == []
    again = Run.begin(SMALL, stack, results_folder=tmp_path, floor=False)
    assert again.flat_out().account.closes
    again.close()


def test_a_service_that_keeps_dying_ends_the_run_with_its_log(stack: Stack, tmp_path: Path) -> None:
    """Started again a few times, then an error; never a hang."""
    kill: Callable[[float], None] = lambda _done: stack.kill("worker-bulk-1")  # noqa: E731
    slow = replace(SMALL, warm_up=0, latency_median_ms=2000)  # no batch is done between two kills
    run = Run.begin(slow, stack, results_folder=tmp_path, floor=False)
    with pytest.raises(ServiceFailed, match="worker-bulk-1 died"):
        run.flat_out(disturb=kill)
    stack.start_service("worker-bulk-1")
    (folder,) = tmp_path.iterdir()
    assert "worker-bulk-1 died" in (folder / "summary.json").read_text()
