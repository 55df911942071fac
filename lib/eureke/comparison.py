"""The same notifications sent in another way, on the same machine in the same run."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import requests

from eureke.errors import ServiceFailed
from eureke.peers.one_each import Handed
from eureke.phase import Plan, Quiet
from eureke.progress import Progress
from eureke.stack.stack import Stack
from eureke.traffic import LOOK_S, Traffic

QUIET_S: Final = 30.0
WORKER, TASKS = "peer-worker", "peer-tasks"


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


def one_each(stack: Stack, traffic: Traffic, plan: Plan, *, out: Path) -> Peer:
    """One Celery task and one POST for each notification of a load.

    Raises:
        ServiceFailed: its worker died, or nothing moved any more.
    """
    traffic.prepare(plan)
    traffic.behave(plan)
    url = f"{stack.settings.provider_url}/counts"
    before = _requests(url)
    stack.launch(WORKER, "eureke.peers.one_each", "--work")
    stack.launch(
        TASKS,
        "eureke.peers.one_each",
        *("--load", str(traffic.load(plan))),
        *("--out", str(out)),
    )
    try:
        last_ns = _until_done(url, before, plan, out)
        if last_ns is None:
            log = stack.logs(WORKER)
            raise ServiceFailed(
                f"one task each came to a halt; its worker's log ends with:\n{log}",
                remedy="leave the comparison out with one_each = 0, and report this",
            )
        traffic.one_shot(TASKS, timeout_s=10)
    finally:
        stack.stop_service(WORKER)
        stack.stop_service(TASKS)
    handed = msgspec.json.decode(out.read_bytes(), type=Handed)
    return Peer(
        name="one task and one POST each",
        sample=handed.tasks,
        wall_s=(last_ns - handed.begin_ns) / 1e9,
    )


def _until_done(url: str, before: int, plan: Plan, out: Path) -> int | None:
    """When the provider had the last request; None where they stopped coming."""
    quiet = Quiet(QUIET_S)
    with Progress(plan.name, total=plan.count, unit="notifications") as progress:
        while not quiet.too_long(done := _requests(url) - before):
            progress.reach(done)
            if out.exists() and done >= msgspec.json.decode(out.read_bytes(), type=Handed).tasks:
                return time.monotonic_ns()
            time.sleep(LOOK_S)
    return None


def _requests(url: str) -> int:
    counts: dict[str, int] = requests.get(url, timeout=10).json()
    return counts["requests"]
