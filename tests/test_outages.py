"""A provider that is away for a while of an open loop."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
import requests
from tests.clock import Clock, S

from eureke.measure.observer import Seen
from eureke.measure.summary import summary_table
from eureke.notification import CHANNELS
from eureke.outages import Absence, away, outages
from eureke.phase import Outage
from eureke.run import Run
from eureke.scenario import Scenario
from eureke.stack.stack import Stack
from eureke.world.record import Effects

SHORT = Scenario(count=500, users=2_000, urgent_per_s=0, warm_up=500, open_loop_s=7)


def test_the_provider_goes_and_comes_back_once() -> None:
    """After the lead, and for as long as was said."""
    clock, changes = Clock(100 * S), list[tuple[int, Mapping[str, Any]]]()
    absence = Absence(
        Outage(kind="storm", seconds=10),
        lambda values: changes.append((clock.now_ns // S - 100, values)),
        lead_s=5,
        clock=clock,
    )
    for _ in range(40):
        absence(0.5)
        clock.now_ns += S
    assert changes == [(5, {"throttled_share": 1.0}), (15, {"throttled_share": 0.0})]
    assert (absence.gone_ns, absence.back_ns) == (105 * S, 115 * S)


def test_the_toll_is_what_was_sent_before_the_return() -> None:
    """What comes later is late for other reasons."""
    clock = Clock(100 * S)
    absence = Absence(Outage(kind="down", seconds=1), lambda _: None, lead_s=0, clock=clock)
    absence(0.0)
    clock.now_ns += S
    absence(0.0)
    table = pd.DataFrame({"intended_s": [0.5, 0.9, 3.0], "receipt_ms": [100.0, 2100.0, 9000.0]})
    seen = [Seen("receipts", 0, 0, refused=1), Seen("receipts", 1, 0, delivered=3, retry=2)]
    toll = absence.toll(table, seen, begin_ns=100 * S)
    assert (toll.gone_s, toll.back_s, toll.drained_s) == (0, 1, 2)
    assert (toll.refused, toll.retried) == (1, 2)


def test_a_scenario_names_its_outages_and_their_loads_are_longer() -> None:
    """Down first, then the storms."""
    scenario = Scenario(outages_s=(10.0, 60.0), storms_s=(5.0,), rate_per_s=100)
    assert [each.name for each in outages(scenario)] == ["down-10s", "down-60s", "storm-5s"]
    assert away(scenario, Outage(kind="down", seconds=60)).count == 7000


def test_a_provider_that_is_down_uses_up_no_attempt_and_loses_nothing(
    stack: Stack, tmp_path: Path
) -> None:
    """Nothing is tried again item by item, nothing dies of it, and the result tells the toll."""
    run = Run.begin(SHORT, stack, results_folder=tmp_path, floor=False)
    outage = Outage(kind="down", seconds=3)
    phase = run.outage(outage)
    result = run.close()
    assert phase.account.closes, phase.account
    assert phase.toll is not None
    assert phase.toll.refused > 0
    assert phase.toll.retried == 0
    assert result.summary["phases"]["down-3s"]["toll"]["refused"] == phase.toll.refused
    assert "provider down for 3 s" in summary_table(result.summary)
    assert result.summary["receipt_ms"] is None, "an outage is no measure of the path"


def test_one_channel_that_is_throttled_holds_back_no_other(stack: Stack, tmp_path: Path) -> None:
    """Email, push and webhook go on while every SMS is answered 429."""

    def change(values: Mapping[str, Any]) -> None:
        url = f"{stack.settings.provider_url}/settings"
        requests.put(url, json={"only_channel": "sms", **values}, timeout=5).raise_for_status()

    absence = Absence(Outage(kind="storm", seconds=3), change, lead_s=1)
    run = Run.begin(replace(SHORT, open_loop_s=8), stack, results_folder=tmp_path, floor=False)
    phase = run.open_loop(disturb=absence)
    run.close()
    assert phase.account.closes, phase.account
    decode = msgspec.json.Decoder(Effects).decode
    record = (stack.shared / "provider.ndjson").read_bytes().splitlines()
    # What was under way when the provider changed may still arrive; and it is back before the one
    # who has changed it knows.
    during = [
        each
        for each in map(decode, record)
        if absence.gone_ns + S < each.t_ns < absence.back_ns - S // 2
    ]
    assert {each.channel for each in during} == set(CHANNELS) - {"sms"}
