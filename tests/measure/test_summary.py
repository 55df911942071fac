"""A summary as people read it."""

from pathlib import Path
from typing import Any

from tests.made_up import made_up

from eureke.measure.results import Result, ResultWriter, list_results
from eureke.measure.summary import result_line, summaries, summary_table

LATENCY = {"n": 2780, "p50": 3.4, "p90": 6.0, "p99": 17.0, "p99_9": None, "max": 35.0}
SUMMARY: dict[str, Any] = {
    "aborted": False,
    "accounted": True,
    "valid": True,
    "invalid_reasons": [],
    "records": 1_000_000,
    "delivered": 989_000,
    "duplicates": 10_000,
    "malformed": 1000,
    "dead_lettered": 0,
    "lost": 0,
    "delivered_twice": 0,
    "stuck": 0,
    "phantom": 0,
    "misjudged": 0,
    "wall_s": 21.04,
    "throughput_per_s": 47_528.5,
    "times_faster_than_hour": 171.1,
    "kafka_floor_s": 2.51,
    "floor_ratio": 8.38,
    "floor_ratio_valid": True,
    "floor_drift": 0.05,
    "limiter": "the processor: worker-1 used 0.95 of a core",
    "system_cpu_s": 30.0,
    "equipment_cpu_s": 9.0,
    "peak_rss_mib": 1234.5,
    "effect_ms": LATENCY,
    "receipt_ms": None,
}


def lines(**change: Any) -> dict[str, str]:
    """The table's lines by their label."""
    told = summary_table(SUMMARY | change).splitlines()
    pairs = (line.strip().split("  ", 1) for line in told)
    return {label.strip(): value.strip() for label, value in pairs}


def test_numbers_have_units_and_thousands() -> None:
    """Nothing has to be looked up to be read."""
    found = lines()
    assert found["notifications, all loads"] == "1,000,000"
    assert found["first send to last receipt"] == "21.0 s"
    assert found["throughput"] == "47,528 notifications/s"
    assert found["ratio to the floor"] == "8.4"
    assert found["memory, all processes"] == "1,234 MiB"


def test_values_stand_below_each_other() -> None:
    """Every value begins in one column."""
    told = summary_table(SUMMARY).splitlines()
    columns = {line.index(line.strip().split("  ", 1)[1].strip()) for line in told}
    assert len(columns) == 1


def test_what_was_not_measured_is_no_zero() -> None:
    """Too few samples, no open loop, no floor: said, not made up."""
    found = lines(kafka_floor_s=None, floor_ratio=None)
    assert found["Kafka's floor, same run"] == "not measured"
    assert found["open loop, to the receipt"] == "not measured"
    assert found["open loop, to the effect"] == (
        "p50 3.4  p90 6.0  p99 17.0  p99.9 -  max 35.0 ms  (n = 2,780)"
    )


def test_a_floor_that_drifted_makes_the_ratio_invalid_and_nothing_else() -> None:
    """The run's own numbers stand; what they are compared with does not."""
    found = lines(floor_ratio_valid=False, floor_drift=0.25)
    assert found["ratio to the floor"].startswith("8.4  INVALID")
    assert "25%" in found["ratio to the floor"].replace(" ", "")
    assert found["valid"] == "yes"


def test_the_verdicts_come_last_and_say_why() -> None:
    """Both at once, each with its reason."""
    told = summary_table(SUMMARY).splitlines()
    assert [line.split()[0] for line in told[-2:]] == ["accounted", "valid"]
    found = lines(accounted=False, valid=False, invalid_reasons=["one", "two"])
    assert found["accounted"].startswith("NO")
    assert found["valid"] == "INVALID: one; two"


def test_an_aborted_run_says_so_in_place_of_a_verdict() -> None:
    """A summary that holds nothing else can be shown too."""
    told = summary_table({"aborted": True, "abort_reason": "stopped by hand"}).splitlines()
    assert told[-1].split() == ["ABORTED", "stopped", "by", "hand"]


def written(root: Path, summary: dict[str, Any]) -> Result:
    writer = ResultWriter(root)
    writer.write_json("summary.json", summary)
    return writer.close()


def test_a_list_has_a_line_for_each_result_even_a_damaged_one(tmp_path: Path) -> None:
    """One bad folder does not hide the others."""
    good = written(tmp_path, SUMMARY)
    invalid = written(tmp_path, SUMMARY | {"accounted": False, "valid": False})
    aborted = written(tmp_path, {"aborted": True, "abort_reason": "stopped by hand"})
    damaged = written(tmp_path, {})
    (damaged.folder / "summary.json").write_bytes(b'{"schema": "\xff"}')
    assert result_line(good).split("  ")[-1] == "accounted, valid"
    assert result_line(invalid).split("  ")[-1] == "NOT ACCOUNTED, INVALID"
    assert "aborted: stopped by hand" in result_line(aborted)
    assert "unreadable" in result_line(Result(damaged.folder))


def test_summaries_are_a_row_each_with_every_number_in_a_column(tmp_path: Path) -> None:
    """What one has and another has not is empty there; damaged ones have no row."""
    plain, paced = made_up(tmp_path), made_up(tmp_path, receipt_ms=LATENCY)
    (made_up(tmp_path).folder / "run.json").write_text("{")
    table = summaries([plain, paced])
    assert len(summaries(list_results(tmp_path))) == len(table) == 2
    assert list(table["commit"]) == ["0123456789abcdef"] * 2
    assert list(table["scenario.count"]) == [500_000] * 2
    assert table["receipt_ms.p99"].isna().tolist() == [True, False]
    assert not {"phases", "peers"} & set(table)
    assert summaries([]).empty
