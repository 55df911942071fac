"""What a part of the system costs: processor time a notification with it and without, in pairs.

Small differences drown in a machine's moods, so both sides of a pair go through the same warm
stack, one right after the other, the order changes from pair to pair, each ratio is held against
what the yardstick needed for the same work in the same seconds, and what is told is an interval
over the pairs.
"""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from eureke.errors import LoadFailed
from eureke.phase import Plan, plan
from eureke.run import Run
from eureke.scenario import Scenario
from eureke.stack.stack import Stack

RESAMPLES: Final = 10_000
WATCHERS: Final = ("prometheus", "exporter", "canary")
YARDSTICK: Final = r"cpu\.(sender-.*|provider)"
"""Processes that do the same for each notification on either side of a pair."""


@contextlib.contextmanager
def _straight(stack: Stack, load: Plan) -> Iterator[Plan]:
    """To the replicas of the API in turn, past Nginx."""
    replicas = [name for name in stack.names if name.startswith("api-")]
    yield replace(load, to=tuple(f"http://{stack.addresses[name]}" for name in replicas))


@contextlib.contextmanager
def _unwatched(stack: Stack, load: Plan) -> Iterator[Plan]:
    """Nobody asks any process, and no canary is on its way."""
    for name in WATCHERS:
        stack.pause(name)
    try:
        yield load
    finally:
        for name in WATCHERS:
            stack.resume(name)


@dataclass(frozen=True, slots=True)
class Part:
    """Something whose cost is asked for."""

    scenario: Scenario
    """Of a stack that has it."""
    without: Callable[[Stack, Plan], AbstractContextManager[Plan]]
    """Sends a load as if it were not there."""


LOAD: Final = Scenario(urgent_per_s=0, open_loop_s=0, warm_up=50_000)
PARTS: Final = {
    # By lines, five thousand a request, to two replicas either way.
    "nginx": Part(replace(LOAD, entrance="api", apis=2), _straight),
    # The processes go on counting, which is a part of them (docs/decisions/0017 has its cost).
    "monitoring": Part(replace(LOAD, monitoring=True), _unwatched),
}


def toll(
    part: str,
    *,
    pairs: int,
    count: int,
    say: Callable[[str], None],
    results_folder: Path | None = None,
) -> pd.DataFrame:
    """Both sides of each pair.

    Args:
        part: one of PARTS.
        pairs: how many.
        count: notifications of each side.
        say: is told of each pair.
        results_folder: where the run's result goes; to all others when None.

    Returns:
        A row for each pair: without_ms and with_ms (processor time of all processes, the test
        equipment's included, for each notification), yardstick (how much more of it the same work
        took with the part: the machine's mood) and ratio (with by without, by the yardstick).

    Raises:
        LoadFailed: so few were sent that nothing is seen of the yardstick.
    """
    asked = PARTS[part]
    rows = []
    with Stack.start(scenario=asked.scenario, backend="processes", say=say) as stack:
        begun = {"floor": False, "watched": False, "results_folder": results_folder}
        run = Run.begin(asked.scenario, stack, **begun)  # type: ignore[arg-type]
        for pair in range(pairs):
            took = _pair(run, stack, asked, pair, count)
            told = ", ".join(f"{side} {ms:.4f} ms" for side, ms in took.items())
            say(f"pair {pair + 1} of {pairs}: {told}")
            rows.append({"pair": pair} | {f"{side}_ms": ms for side, ms in took.items()})
        timeline = run.close().timeline
    table = pd.DataFrame(rows, columns=["pair", "without_ms", "with_ms"])
    table["yardstick"] = _yardstick(timeline, pairs)
    table["ratio"] = table["with_ms"] / table["without_ms"] / table["yardstick"]
    return table


def _pair(run: Run, stack: Stack, part: Part, pair: int, count: int) -> dict[str, float]:
    """Milliseconds of processor time a notification, of each side."""
    took = {}
    for side in ("with", "without") if pair % 2 else ("without", "with"):
        load = plan(run.scenario, name=_name(side, pair), count=count)
        as_it_is = contextlib.nullcontext(load)
        with part.without(stack, load) if side == "without" else as_it_is as to_send:
            sent = run.send(to_send)
        took[side] = 1000 * (sent.system_cpu_s + sent.equipment_cpu_s) / sent.sent
    return took


def _yardstick(timeline: pd.DataFrame, pairs: int) -> list[float]:
    """What the yardstick took with the part by what it took without, of each pair."""
    watched = timeline[timeline["series"].str.fullmatch(YARDSTICK)]
    took = watched.groupby("phase")["value"].sum()  # cores at equal steps of time
    beside, alone = (
        took.reindex([_name(side, pair) for pair in range(pairs)], fill_value=0.0).to_numpy()
        for side in ("with", "without")
    )
    if not (beside.all() and alone.all()):
        raise LoadFailed(
            "the sender and the provider had too little to do to be measured by",
            remedy="send more with each side of a pair: `--count 200000`",
        )
    return list(beside / alone)


def _name(side: str, pair: int) -> str:
    """The load's, of that side of a pair."""
    return f"{side}-{pair + 1}"


def interval(ratios: "pd.Series[float]", *, seed: int = 7) -> tuple[float, float, float]:
    """The mean of the ratios with the ends of its 95 % interval, by a bootstrap over the pairs."""
    values, chance = ratios.to_numpy(dtype=float), np.random.default_rng(seed)
    means = chance.choice(values, (RESAMPLES, len(values))).mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(values.mean()), float(low), float(high)
