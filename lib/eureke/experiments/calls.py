"""A steady load of calls on the API while something is done to it; each call is remembered."""

import re
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from operator import itemgetter
from pathlib import Path
from secrets import token_hex
from typing import Any, Final

import msgspec
import pandas as pd

from eureke.errors import LoadFailed, ServiceFailed
from eureke.measure.calls import bad
from eureke.scenario import HOURLY_RATE_PER_S
from eureke.stack.stack import Stack
from eureke.world.caller import SERVERS_FAULT, UNANSWERED, Call, begins

Action = Callable[[], None]
Events = Mapping[float, tuple[str, Action]]
BEGINS_WITHIN_S: Final = 30.0
TAIL_S: Final = 0.5
"""The load goes on for so long after the last event."""
SLOW_MS: Final = 250.0
"""A call that takes longer than this is told as slow."""
STOPPED_S, GOING_S = 0.08, 0.02
"""A slow replica stands still for so long, and goes on for so long, again and again."""
HANGS_S: Final = 0.2
"""So long that it surely holds requests when it is killed."""
ASKED: Final = re.compile(r'"request_id":"([^"]+)"')
LOG_WITHIN_S: Final = 1.0
"""Replicas write their logs ten times a second."""


def calls(
    stack: Stack,
    *,
    seconds: float,
    rate_per_s: float = HOURLY_RATE_PER_S,
    keys: bool = True,
    events: Events | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Calls at fixed times, half of them reads, half of them notifications.

    Args:
        stack: with an API.
        seconds: how long the load goes on; longer where the events take longer.
        rate_per_s: offered load.
        keys: whether each notification has an idempotency key, so that it may be sent again.
        events: what is done, by the second in which it is done: a name for it, and how.

    Returns:
        A row for each call: t_s since the first one, took_ms from when it was due, status (0 where
        there was no answer), tries, method, replica that answered. And a row for each event:
        what, begin_s, end_s.
    """
    prefix = token_hex(4)
    out = stack.shared / "work" / f"calls-{prefix}.json"
    name = f"caller-{prefix}"
    stack.launch(
        name,
        "eureke.world.caller",
        *("--rate", str(rate_per_s), "--seconds", str(seconds)),
        *("--prefix", prefix, "--out", str(out)),
        *(() if keys else ("--no-keys",)),
        *(("--until-told",) if events else ()),
        contained=False,
    )
    begin_ns = _begin_ns(stack, name, out)
    happening = sorted((events or {}).items(), key=itemgetter(0))
    done = [_done(what, action, at_s, begin_ns) for at_s, (what, action) in happening]
    if events:
        time.sleep(TAIL_S)
        with suppress(ServiceFailed):  # it has ended already: waiting for it says why
            stack.kill(name, signal.SIGTERM)
    stack.wait(name, timeout_s=seconds + 60)
    made = msgspec.json.decode(out.read_bytes(), type=list[Call])
    out.unlink()
    begins(out).unlink()
    answered = _replicas(
        stack, {each.id for each in made if UNANSWERED < each.status < SERVERS_FAULT}
    )
    table = pd.DataFrame([msgspec.structs.asdict(each) for each in made])
    table.insert(0, "t_s", (table.pop("due_ns") - begin_ns) / 1e9)
    table["replica"] = table.pop("id").map(answered).fillna("")
    return table, pd.DataFrame(done, columns=["what", "begin_s", "end_s"])


def _begin_ns(stack: Stack, name: str, out: Path) -> int:
    """When a client's first call is due, which it says when it is up."""
    told, limit_s = begins(out), time.monotonic() + BEGINS_WITHIN_S
    while not told.exists():
        lives = any(each.name == name and each.running for each in stack.status())
        if not lives or time.monotonic() > limit_s:
            raise LoadFailed(
                f"the client did not come up: {stack.logs(name)}",
                remedy=f"see `eureke logs {name}`",
            )
        time.sleep(0.02)
    return int(told.read_text())


def _done(what: str, action: Action, at_s: float, begin_ns: int) -> dict[str, Any]:
    """Does it at its second, and tells when it was done."""
    time.sleep(max(0.0, at_s - (time.monotonic_ns() - begin_ns) / 1e9))
    began_s = (time.monotonic_ns() - begin_ns) / 1e9
    action()
    return {"what": what, "begin_s": began_s, "end_s": (time.monotonic_ns() - begin_ns) / 1e9}


def failed(table: pd.DataFrame) -> int:
    """How many calls had no good answer in the end."""
    return int(bad(table).sum())


def recovery_s(table: pd.DataFrame, after_s: float, *, within_s: float = 4.0) -> float:
    """How long after a moment the last call ended that had failed, or was slow.

    Args:
        table: of calls.
        after_s: the moment.
        within_s: calls that were due later than this after it are another story.
    """
    ends_s = table["t_s"] + table["took_ms"] / 1000
    troubled = bad(table) | (table["took_ms"] > SLOW_MS)
    hurt = ends_s[troubled & (ends_s > after_s) & (table["t_s"] < after_s + within_s)]
    return float(hurt.max() - after_s) if len(hurt) else 0.0


def dies(stack: Stack, name: str) -> Action:
    """Has a service hang for a moment and then die, with all that it had taken meanwhile."""

    def end() -> None:
        stack.pause(name)
        time.sleep(HANGS_S)
        stack.kill(name)

    return end


@contextmanager
def slow(stack: Stack, name: str) -> Iterator[None]:
    """A service that stands still four fifths of the time, for as long as the block lasts."""
    over = threading.Event()

    def hinder() -> None:
        try:
            while not over.wait(GOING_S):
                stack.pause(name)
                over.wait(STOPPED_S)
                stack.resume(name)
        finally:
            stack.resume(name)

    thread = threading.Thread(target=hinder, name=f"slows-{name}")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _replicas(stack: Stack, ids: set[str]) -> dict[str, str]:
    """Which replica answered each request, by their logs; what none has written is left out."""
    limit_s = time.monotonic() + LOG_WITHIN_S
    found: dict[str, str] = {}
    while ids - found.keys() and time.monotonic() < limit_s:
        time.sleep(0.2)
        for path in sorted((stack.folder / "logs").glob("api-*.log")):
            told = ASKED.findall(path.read_text(errors="replace"))
            found |= dict.fromkeys(ids.intersection(told), path.stem)
    return found
