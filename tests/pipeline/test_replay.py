"""Replay: what was given up is sent again, once."""

import time
from pathlib import Path

import pytest
import requests
from confluent_kafka import Consumer
from tests.waiting import wait_until

from eureke.errors import EurekeError
from eureke.measure.evidence import marks
from eureke.pipeline import replay as module
from eureke.pipeline.replay import replay
from eureke.run import Run
from eureke.scenario import Scenario
from eureke.settings import Settings
from eureke.stack.stack import Stack

REFUSED = Scenario(
    count=2000,
    users=2_000,
    warm_up=0,
    urgent_per_s=0,
    rejected_share=0.05,
    malformed_share=0.01,
    latency_median_ms=1,
)


def in_lane(settings: Settings) -> int:
    return sum(marks(settings).topics[settings.lane("bulk").topic].values())


def rejected(settings: Settings) -> tuple[int, int]:
    """What the provider has refused for good, and what had an effect."""
    counts = requests.get(f"{settings.provider_url}/counts", timeout=5).json()
    return counts["failed"], counts["effects"]


def until(settings: Settings, failed: int) -> None:
    wait_until(
        lambda: rejected(settings)[0] >= failed,
        within_s=30,
        what="the provider's hearing of the replayed ones",
    )


def test_dead_letters_reach_the_provider_again_and_a_second_replay_doubles_nothing(
    stack: Stack, tmp_path: Path
) -> None:
    """Though their ids stand in the log already; malformed ones are left out and counted."""
    settings = stack.settings
    replay(settings)  # what other tests have left
    run = Run.begin(REFUSED, stack, results_folder=tmp_path, floor=False)
    account = run.flat_out().account
    run.close()
    assert account.closes, account
    failed, effects = rejected(settings)
    before = in_lane(settings)
    done = replay(settings)
    assert done.sent >= account.dead_lettered > 0
    assert done.malformed >= account.malformed > 0
    assert in_lane(settings) == before + done.sent
    until(settings, failed + account.dead_lettered)
    assert rejected(settings)[1] == effects, "what is refused for good has no effect"


def test_two_at_once_send_nothing_twice(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second says who is in its way."""
    monkeypatch.setattr(module, "JOIN_S", 3.0)
    settings = stack.settings
    other = Consumer(
        {
            "bootstrap.servers": settings.kafka,
            "group.id": f"{settings.prefix}.replay",
            "session.timeout.ms": 6000,
        }
    )
    other.subscribe([settings.dead_letters])
    limit_s = time.monotonic() + 20
    while not other.assignment():
        assert time.monotonic() < limit_s
        other.poll(0.1)
    with pytest.raises(EurekeError, match="another replay is at work"):
        replay(settings)
    other.close()
