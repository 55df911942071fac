"""The same notifications sent in another way, on the same machine in the same run."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import pandas as pd
import requests

from eureke.errors import ServiceFailed
from eureke.peers.ways import Handed, Way
from eureke.phase import Plan, Quiet
from eureke.progress import Progress
from eureke.settings import Settings
from eureke.stack.stack import Stack
from eureke.traffic import Traffic

QUIET_S: Final = 30.0
LOOK_S: Final = 0.05
WORKER, TASKS = "peer-worker", "peer-tasks"
CLOSED_LOOP: Final = "peer-closed-loop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """What another way of sending reached on a sample."""

    name: str
    sample: int
    """Notifications that were sent."""
    wall_s: float
    """From the first that was handed over to the last request."""

    @property
    def throughput_per_s(self) -> float:
        """The whole sample by the whole time."""
        return self.sample / self.wall_s


def send_by(way: Way, stack: Stack, traffic: Traffic, plan: Plan, *, out: Path) -> Peer:
    """Sends a load in another way.

    Raises:
        ServiceFailed: a worker of it died, or nothing moved any more.
    """
    traffic.prepare(plan)
    traffic.behave(plan)
    before = taken(stack.settings)
    with _at_work(way, stack):
        load = ("--load", str(traffic.load(plan)), "--out", str(out))
        stack.launch(TASKS, "eureke.peers.ways", "--way", way.name, *load)
        try:
            last_ns = _until_done(stack.settings, before, plan, out)
            if last_ns is None:
                log = stack.logs(f"{WORKER}-1")
                raise ServiceFailed(
                    f"{way.words}: it came to a halt; a worker's log ends with:\n{log}",
                    remedy="leave the comparison out, and report this",
                )
            traffic.one_shot(TASKS, timeout_s=10)
        finally:
            stack.stop_service(TASKS)
    handed = msgspec.json.decode(out.read_bytes(), type=Handed)
    out.unlink()
    wall_s = (last_ns - handed.begin_ns) / 1e9
    return Peer(name=way.words, sample=handed.notifications, wall_s=wall_s)


def wait_each(
    stack: Stack, traffic: Traffic, plan: Plan, *, clients: int, out: Path
) -> pd.DataFrame:
    """Sends a load by so many clients that wait for each outcome before they send again.

    Returns:
        A row for each notification: intended_ns, sent_ns and done_ns, by the monotonic clock.
    """
    traffic.prepare(plan)
    traffic.behave(plan)
    stack.launch(
        CLOSED_LOOP,
        "eureke.peers.closed_loop",
        *("--load", str(traffic.load(plan)), "--lane", plan.lane),
        *("--clients", str(clients), "--out", str(out)),
    )
    traffic.one_shot(CLOSED_LOOP, timeout_s=120 + plan.count / plan.rate_per_s)
    return pd.read_parquet(out)


@contextlib.contextmanager
def _at_work(way: Way, stack: Stack) -> Iterator[None]:
    """Its workers, for as long as the block lasts."""
    names = [f"{WORKER}-{number + 1}" for number in range(way.workers)]
    try:
        for name in names:
            stack.launch(name, "eureke.peers.ways", "--way", way.name, "--work", side="system")
        yield
    finally:
        for name in names:
            stack.stop_service(name)


def _until_done(settings: Settings, before: int, plan: Plan, out: Path) -> int | None:
    """When the provider had the last one; None where they stopped coming."""
    quiet = Quiet(QUIET_S)
    with Progress(plan.name, total=plan.count, unit="notifications") as progress:
        while not quiet.too_long(done := taken(settings) - before):
            progress.reach(done)
            if out.exists() and done >= _handed(out):
                return time.monotonic_ns()
            time.sleep(LOOK_S)
    return None


def _handed(out: Path) -> int:
    return msgspec.json.decode(out.read_bytes(), type=Handed).notifications


def taken(settings: Settings) -> int:
    """Notifications that the provider has seen, whatever became of them."""
    counts: dict[str, int] = requests.get(f"{settings.provider_url}/counts", timeout=10).json()
    return sum(counts[name] for name in ("effects", "repeats", "failed"))
