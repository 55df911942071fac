"""Kill it in mid-run: whatever dies, nothing acknowledged is lost, doubled or misjudged.

Each control switches one safeguard off and must fail, else the test beside it proves nothing.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import redis
import requests
from confluent_kafka import Consumer

from eureke.measure.account import Account
from eureke.phase import Phase
from eureke.run import Run
from eureke.scenario import Scenario
from eureke.settings import Settings
from eureke.stack.stack import Stack

SCENARIO = Scenario(
    count=40_000, users=2_000, urgent_per_s=0, open_loop_s=0, warm_up=0, latency_median_ms=300
)
"""Slow enough to be disturbed in the middle."""
FEW = replace(SCENARIO, count=10_000, latency_median_ms=5)


BOTH = pytest.mark.parametrize("restored", ["stack", "contained"], indirect=True)
"""For whatever must heal wherever servers run."""


@pytest.fixture
def restored(request: pytest.FixtureRequest) -> Iterator[Stack]:
    """The shared stack, with the settings it had before and every service running afterwards."""
    stack: Stack = request.getfixturevalue(getattr(request, "param", "stack"))
    before = stack.settings
    yield stack
    with_changes = stack.settings != before
    for name in ("dispatcher-bulk-1", "worker-bulk-1"):
        if with_changes or name in stack.ended():
            stack.restart(name, settings=before)
    for name in stack.ended():
        stack.start_service(name)


class Once:
    """Acts once, when a share of the load has its outcome and another share has not."""

    def __init__(self, share: float, act: Callable[[], None], *, before: float = 1.0) -> None:
        self._share = share
        self._before = before
        self._act = act
        self.acted = False

    def __call__(self, done: float) -> None:
        if self._share <= done < self._before and not self.acted:
            self.acted = True
            self._act()


class OnceUnderWay(Once):
    """Acts once, when the provider has had the first requests of the load.

    Not by outcomes: where one is retried the commits stand still before it, and go to the end then.
    """

    def __init__(self, stack: Stack, act: Callable[[], None]) -> None:
        super().__init__(0.0, act)
        self._record = stack.shared / "provider.ndjson"
        self._size: int | None = None

    def __call__(self, done: float) -> None:
        size = self._record.stat().st_size
        if self._size is None:
            self._size = size
        if size > self._size:
            super().__call__(done)


def run_with(
    stack: Stack, folder: Path, disturb: Once | None, scenario: Scenario = SCENARIO
) -> Phase:
    run = Run.begin(scenario, stack, results_folder=folder, floor=False)
    sent = run.flat_out(disturb=disturb)
    run.close()
    if disturb is not None:
        assert disturb.acted, "the load was over before the fault"
    return sent


def configured(stack: Stack, settings: Settings) -> None:
    stack.restart("dispatcher-bulk-1", settings=settings)
    stack.restart("worker-bulk-1")


def freeze_with_a_task(stack: Stack) -> Callable[[], None]:
    """The recipe for kombu's loss window: a frozen worker takes a task from Redis with it."""

    def act() -> None:
        stack.pause("worker-bulk-1")
        stack.kill("worker-bulk-1")

    return act


def until_idle(stack: Stack) -> None:
    """Waits until Celery's queue is empty and the provider hears of nothing new."""
    settings, heard = stack.settings, -1
    limit_s = time.monotonic() + 90
    with redis.Redis.from_url(settings.redis_queue) as queue:
        while time.monotonic() < limit_s:
            requests_now = requests.get(f"{settings.provider_url}/counts", timeout=5).json()
            if queue.llen(settings.lane("bulk").queue) == 0 and requests_now == heard:
                return
            heard = requests_now
            time.sleep(1.5)  # longer than any task of this test takes: between two looks
    pytest.fail("the worker did not finish what was enqueued")


def nothing_is_wrong(found: Account) -> None:
    assert found.closes, found
    assert found.records == found.acknowledged


@BOTH
def test_a_worker_killed_in_mid_run(restored: Stack, tmp_path: Path) -> None:
    """Its batches become overdue and are sent again under the same id."""
    sent = run_with(restored, tmp_path, Once(0.2, lambda: restored.kill("worker-bulk-1")))
    nothing_is_wrong(sent.account)
    assert sent.restarts["worker-bulk-1"] == 1


@BOTH
def test_a_worker_frozen_with_tasks_in_hand_and_then_killed(
    restored: Stack, tmp_path: Path
) -> None:
    """Neither Celery nor Redis knows of those tasks any more; the in-flight table does."""
    sent = run_with(restored, tmp_path, Once(0.2, freeze_with_a_task(restored)))
    nothing_is_wrong(sent.account)


@BOTH
def test_the_dispatcher_killed_in_mid_run(restored: Stack, tmp_path: Path) -> None:
    """Its successor reads on from the last commit; the provider's keys absorb what repeats."""
    sent = run_with(restored, tmp_path, Once(0.2, lambda: restored.kill("dispatcher-bulk-1")))
    nothing_is_wrong(sent.account)
    assert sent.restarts["dispatcher-bulk-1"] == 1


def test_a_dispatcher_whose_place_is_taken_ends_and_its_successor_goes_on(
    restored: Stack, tmp_path: Path
) -> None:
    """Kafka ends a client for good when another has its name, an older self after a broker's death.

    To go on without records would look like a quiet day.
    """
    lane = restored.settings.lane("bulk")

    def take_its_place() -> None:
        other = Consumer(
            {
                "bootstrap.servers": restored.settings.kafka,
                "group.id": lane.group,
                "group.instance.id": "dispatcher-bulk-1",
                "partition.assignment.strategy": "cooperative-sticky",
                "session.timeout.ms": 6000,
                "enable.auto.commit": False,  # what it reads has no outcome
            }
        )
        other.subscribe([lane.topic])
        limit_s = time.monotonic() + 30
        while "dispatcher-bulk-1" not in restored.ended():
            assert time.monotonic() < limit_s, "the dispatcher goes on as if nothing had happened"
            other.poll(0.1)
        other.close()

    sent = run_with(restored, tmp_path, Once(0.2, take_its_place))
    nothing_is_wrong(sent.account)
    assert sent.restarts["dispatcher-bulk-1"] == 1
    assert "ended this client for good" in restored.logs("dispatcher-bulk-1", 2000)


def test_redis_wiped_in_mid_run(restored: Stack, tmp_path: Path) -> None:
    """Queue and inbox are gone; nothing that mattered was only there."""

    def wipe() -> None:
        for url in (restored.settings.redis_queue, restored.settings.redis_cache):
            with redis.Redis.from_url(url) as client:
                client.flushall()

    nothing_is_wrong(run_with(restored, tmp_path, Once(0.2, wipe)).account)


@BOTH
def test_redis_killed_in_mid_run(restored: Stack, tmp_path: Path) -> None:
    """Dispatcher and worker find their way back to the new one."""
    sent = run_with(restored, tmp_path, Once(0.2, lambda: restored.kill("redis-queue")))
    nothing_is_wrong(sent.account)
    assert sent.restarts["redis-queue"] == 1


def test_every_connection_to_redis_reset_in_mid_run(restored: Stack, tmp_path: Path) -> None:
    """The server stays, and whoever waits for a task at it must ask anew."""

    def reset() -> None:
        with redis.Redis.from_url(restored.settings.redis_queue) as admin:
            assert int(admin.client_kill_filter(_type="normal", skipme=True)) > 0

    sent = run_with(restored, tmp_path, Once(0.2, reset))
    nothing_is_wrong(sent.account)
    assert not sent.restarts


@BOTH
def test_the_broker_killed_in_mid_run(restored: Stack, tmp_path: Path) -> None:
    """It comes back with its log; what was acknowledged is in it."""
    sent = run_with(restored, tmp_path, Once(0.2, lambda: restored.kill("kafka")))
    assert sent.account.closes, sent.account
    assert sent.restarts["kafka"] == 1


def test_a_provider_that_throttles_resets_and_stumbles(restored: Stack, tmp_path: Path) -> None:
    """Every failure is tried again until it passes, with one effect each."""
    configured(restored, replace(restored.settings, provider_items_per_request=50))
    scenario = replace(
        FEW,
        item_failure_share=0.03,
        unavailable_share=0.03,
        throttled_share=0.03,
        reset_before_share=0.03,
        reset_after_share=0.03,
    )
    nothing_is_wrong(run_with(restored, tmp_path, None, scenario).account)


def test_control_without_resending_a_killed_worker_leaves_notifications_behind(
    restored: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same recipe with overdue batches left alone: the account names what is missing."""
    monkeypatch.setattr("eureke.traffic.QUIET_S", 6.0)
    configured(restored, replace(restored.settings, overdue_s=0))
    # At the first outcome: every thread has a task in hand, however slowly one looks.
    sent = run_with(restored, tmp_path, Once(0.001, freeze_with_a_task(restored)))
    assert sent.account.stuck > 0
    assert len(sent.account.culprits["stuck"]) > 0
    assert not sent.account.closes


def test_control_committing_on_enqueue_loses_what_a_killed_worker_held(
    restored: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit has passed notifications that nobody will ever deliver."""
    monkeypatch.setattr("eureke.traffic.QUIET_S", 6.0)
    configured(restored, replace(restored.settings, commit="enqueue"))

    def kill_and_let_the_next_one_finish() -> None:
        restored.kill("worker-bulk-1")
        restored.start_service("worker-bulk-1")
        until_idle(restored)

    # What was only enqueued counts as settled here, so the load is soon over by its own account.
    disturb = Once(0.1, kill_and_let_the_next_one_finish, before=2.0)
    sent = run_with(restored, tmp_path, disturb)
    assert sent.account.lost > 0
    assert len(sent.account.culprits["lost"]) > 0
    assert not sent.account.closes


def test_control_a_provider_that_ignores_keys_doubles_what_was_cut_off(
    restored: Stack, tmp_path: Path
) -> None:
    """Between effect and receipt nothing but the provider's key stands in the way of a double."""
    configured(restored, replace(restored.settings, provider_items_per_request=50))
    scenario = replace(FEW, honours_keys=False, reset_after_share=0.1, latency_median_ms=200)
    kill = OnceUnderWay(restored, lambda: restored.kill("worker-bulk-1"))
    sent = run_with(restored, tmp_path, kill, scenario)
    assert sent.account.delivered_twice > 0
    assert sent.account.lost == 0
