"""Notifications that are followed: each stage, and the very records in Kafka."""

import json
from typing import Any

import pandas as pd
import pytest

from eureke import experiments
from eureke.errors import LoadFailed
from eureke.measure.latency import STAGES
from eureke.scenario import Scenario
from eureke.stack.stack import Stack

SCENARIO = Scenario(users=200, urgent_per_s=0)
COUNT = 200
LOAD: Any = {"count": COUNT, "lead": 20, "rate_per_s": 100.0}


@pytest.fixture(scope="module")
def sent(stack: Stack) -> pd.DataFrame:
    """Some notifications, each followed."""
    return experiments.journey(stack, SCENARIO, provider_ms=5.0, **LOAD)


def test_stages_are_those_of_the_very_records(stack: Stack, sent: pd.DataFrame) -> None:
    """An id, its latencies, its record and its receipt belong together."""
    assert COUNT / 2 < len(sent) <= COUNT
    assert sent["id"].is_unique
    lane, receipts = stack.settings.lane("bulk"), stack.settings.receipts
    for one in sent.iloc[:: len(sent) // 5].to_dict("records"):
        record = experiments.record(stack.settings, lane.topic, one["partition"], one["offset"])
        assert _value(record)["id"] == one["id"]
        assert record.splitlines()[0].endswith(f"key {_value(record)['user_id']}")
        at = one["receipt_partition"], one["receipt_offset"]
        receipt = _value(experiments.record(stack.settings, receipts, *at))
        assert [one["partition"], one["offset"], one["id"]] in receipt["delivered"]
        took_ms = (receipt["answered_ns"] - receipt["started_ns"]) / 1e6
        assert one["provider_ms"] == pytest.approx(took_ms)
    stages = sent[[f"{stage}_ms" for stage in STAGES]]
    assert (stages.sum(axis=1) - sent["receipt_ms"]).abs().max() < 1e-3


def test_the_typical_one_is_in_the_middle(sent: pd.DataFrame) -> None:
    """As many were faster as were slower, to one."""
    (one,) = sent.loc[sent["typical"], "receipt_ms"]
    faster, slower = (sent["receipt_ms"] < one).sum(), (sent["receipt_ms"] > one).sum()
    assert abs(faster - slower) <= 1


def test_a_frozen_worker_is_felt_and_goes_on(stack: Stack) -> None:
    """Somebody waits for as long as it stands still, and nobody is lost."""
    frozen_s = 0.3
    frozen = experiments.journey(stack, SCENARIO, provider_ms=1.0, frozen_s=frozen_s, **LOAD)
    assert frozen["receipt_ms"].max() > 800 * frozen_s
    assert not list((stack.shared / "work").glob("journey-*"))


def test_a_record_that_is_not_there(stack: Stack) -> None:
    """Is no record, and no wait without end."""
    with pytest.raises(LoadFailed, match="no record at partition 0, offset 99999999"):
        experiments.record(stack.settings, stack.settings.dead_letters, 0, 99_999_999)


def test_parts_and_hops_have_the_names_of_the_stack(stack: Stack) -> None:
    """Nothing of them is typed twice."""
    parts = experiments.parts(stack)
    assert set(stack.names) <= set(parts["name"])
    assert set(parts["name"]) - set(stack.names) == {"sender", "ledger", "users.db"}
    by = " ".join(experiments.hops(stack.settings)["by"])
    lane = stack.settings.lane("bulk")
    assert all(name in by for name in (lane.topic, lane.group, lane.queue, stack.settings.receipts))
    about = parts.set_index("name")["about"]
    assert about["kafka"].startswith(stack.addresses["kafka"])


def _value(record: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(record.partition("\n")[2])
    return found
