"""What takes long: many restarts, many kills, ten million. `make soak` runs it."""

import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
import requests

from eureke.phase import Phase
from eureke.run import Run
from eureke.scenario import Scenario
from eureke.stack.stack import Stack

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]
RESTARTS = 20
STARTS = 50
KILLS = 60
VICTIMS = ("worker-bulk-1", "dispatcher-bulk-1", "redis-queue", "redis-cache", "kafka")
OFTEN = (4, 4, 2, 2, 1)
"""How often each of them is drawn: a broker takes longest to come back."""
TEN_MILLION = Scenario(count=10_000_000, warm_up=50_000, open_loop_s=0)


def hourly_rate_for(
    stack: Stack, folder: Path, lasts_s: float, disturb: Callable[[float], None]
) -> Phase:
    scenario = Scenario(count=1, warm_up=2_000, open_loop_s=lasts_s)
    run = Run.begin(scenario, stack, results_folder=folder, floor=False)
    sent = run.open_loop(disturb=disturb)
    run.close()
    return sent


@pytest.mark.parametrize("backend", ["processes", "containers"])
def test_fifty_starts_of_fifty(backend: str, request: pytest.FixtureRequest) -> None:
    """Each with everything up and ready, and nothing left of the one before."""
    if backend == "containers":
        request.getfixturevalue("engine")
    times_s = []
    for _ in range(STARTS):
        with Stack.start(backend=backend, say=lambda _: None) as stack:
            assert stack.ended() == []
            assert stack.up_after_s is not None
            times_s.append(stack.up_after_s)
    told = f"median {statistics.median(times_s):.1f} s, {min(times_s):.1f} to {max(times_s):.1f} s"
    print(f"{STARTS} starts as {backend}: {told}")


@pytest.mark.parametrize("name", ["kafka", "redis-queue", "dispatcher-bulk-1"])
def test_a_service_killed_twenty_times_comes_back_twenty_times(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Some clients find their way back to a server once, and never again."""
    monkeypatch.setattr("eureke.traffic.RESTARTS_MOST", RESTARTS)
    killed: list[float] = [0.02]

    def disturb(share: float) -> None:
        # The share stands still until the system works again, so each kill meets a live one.
        if len(killed) <= RESTARTS and share >= killed[-1] + 0.04:
            killed.append(share)
            stack.kill(name)

    sent = hourly_rate_for(stack, tmp_path, 180.0, disturb)
    assert sent.restarts.get(name) == RESTARTS
    assert sent.account.closes, sent.account


class Interrupted:
    """Cuts the workers off their queue again and again; notes how soon they take tasks again."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._settings = stack.settings
        self._back_s = 0.0
        self._before = -1
        self.took_s: list[float] = []

    def __call__(self, _share: float) -> None:
        if self._before < 0:
            if len(self.took_s) < RESTARTS:
                self._cut(kill=len(self.took_s) % 2 == 0)
        elif "redis-queue" not in self._stack.ended():
            self._back_s = self._back_s or time.monotonic()
            if self._effects() > self._before:
                self.took_s.append(time.monotonic() - self._back_s)
                self._before = -1

    def _cut(self, *, kill: bool) -> None:
        if kill:
            self._stack.kill("redis-queue")
        else:
            with redis.Redis.from_url(self._settings.redis_queue) as admin:
                admin.client_kill_filter(_type="normal", skipme=True)
        self._before, self._back_s = self._effects(), 0.0

    def _effects(self) -> int:
        counts = requests.get(f"{self._settings.provider_url}/counts", timeout=5).json()
        return int(counts["effects"])


def test_workers_take_tasks_within_ten_seconds_of_each_of_twenty_cuts(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Restarts of Redis and resets of its connections, in turn, under load."""
    monkeypatch.setattr("eureke.traffic.RESTARTS_MOST", RESTARTS)
    cuts = Interrupted(stack)
    sent = hourly_rate_for(stack, tmp_path, 180.0, cuts)
    assert len(cuts.took_s) == RESTARTS
    print(f"again after {statistics.median(cuts.took_s):.1f} s, at most {max(cuts.took_s):.1f} s")
    assert max(cuts.took_s) <= 10
    assert sent.account.closes, sent.account


def test_sixty_kills_at_random_lose_and_double_nothing(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is hit, while the others are still coming back from the last one."""
    monkeypatch.setattr("eureke.traffic.RESTARTS_MOST", KILLS)
    chance = random.Random(11)
    at = sorted(chance.uniform(0.02, 0.95) for _ in range(KILLS))
    victims = chance.choices(VICTIMS, OFTEN, k=KILLS)

    def disturb(share: float) -> None:
        if at and share >= at[0]:
            at.pop(0)
            victim = victims.pop()
            if victim not in stack.ended():
                stack.kill(victim)

    sent = hourly_rate_for(stack, tmp_path, 420.0, disturb)
    assert at == []
    assert sum(sent.restarts.values()) >= KILLS
    assert sent.account.closes, sent.account


def test_ten_million_take_ten_times_as_long_and_no_more_memory(tmp_path: Path) -> None:
    """Every one accounted for; no process grows with the count."""
    with Stack.start(scenario=TEN_MILLION) as stack:
        run = Run.begin(TEN_MILLION, stack, results_folder=tmp_path, floor=False)
        sent = run.flat_out()
        result = run.close()
    assert sent.account.closes, sent.account
    table = result.timeline
    memory = table[table["series"].str.startswith("rss_mib.")].groupby("series")
    for name, rows in memory:
        # The provider's memory of keys is bounded, and full after three million.
        early = rows[rows["t_s"].between(0.4 * sent.wall_s, 0.5 * sent.wall_s)]["value"].max()
        late = rows[rows["t_s"] > 0.9 * sent.wall_s]["value"].max()
        assert not late > 1.3 * early + 50, f"{name} grew from {early:.0f} to {late:.0f} MiB"
    print(f"{sent.wall_s:.1f} s, {sent.peak_rss_mib:,.0f} MiB at most")
