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
from eureke.measure.sampler import PERIOD_S
from eureke.phase import Plan, plan
from eureke.run import Run
from eureke.scenario import Scenario
from eureke.stack.stack import Stack

RESAMPLES: Final = 10_000
WATCHERS: Final = ("prometheus", "exporter", "canary")
SIDES: Final = ("without", "with")
COUNTED: Final = r"cpu\.(?!sender)"
"""All processes but the sender: how much of its preparation the sampler counts to a load is chance,
and a quarter of what it takes."""
UNCHANGED: Final = r"cpu\.(dispatcher-bulk|provider|observer)"
"""Processes that do the same for each notification on either side of a pair, but for a thousandth
where they are asked."""


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
        A row for each pair: without_ms and with_ms (processor time of all processes but the sender,
        the other equipment included, for each notification), yardstick (how much more of it the
        same work took with the part: the machine's mood), as_it_is (with by without) and ratio
        (that by the yardstick).

    Raises:
        LoadFailed: so few were sent that nothing is seen of the yardstick.
    """
    asked = PARTS[part]
    with Stack.start(scenario=asked.scenario, backend="processes", say=say) as stack:
        begun = {"floor": False, "watched": False, "results_folder": results_folder}
        run = Run.begin(asked.scenario, stack, **begun)  # type: ignore[arg-type]
        for pair in range(pairs):
            _send(run, stack, asked, pair, count)
            say(f"pair {pair + 1} of {pairs} is through")
        timeline = run.close().timeline
    counted, yardstick = (_cores(timeline, each, pairs) for each in (COUNTED, UNCHANGED))
    each_ms = 1000 * PERIOD_S / count
    table = pd.DataFrame({"pair": range(pairs)})
    for side in SIDES:
        table[f"{side}_ms"] = counted[side] * each_ms
    table["yardstick"] = yardstick["with"] / yardstick["without"]
    table["as_it_is"] = table["with_ms"] / table["without_ms"]
    table["ratio"] = table["as_it_is"] / table["yardstick"]
    return table


def _send(run: Run, stack: Stack, part: Part, pair: int, count: int) -> None:
    """Both sides of a pair, in another order each time."""
    for side in SIDES[:: -1 if pair % 2 else 1]:
        load = plan(run.scenario, name=_name(side, pair), count=count)
        as_it_is = contextlib.nullcontext(load)
        with part.without(stack, load) if side == "without" else as_it_is as to_send:
            run.send(to_send)


def _cores(timeline: pd.DataFrame, series: str, pairs: int) -> dict[str, np.ndarray]:
    """What these processes took at each look, added up, for each side of each pair."""
    watched = timeline[timeline["series"].str.match(series)]
    took = watched.groupby("phase")["value"].sum()
    found = {
        side: took.reindex([_name(side, pair) for pair in range(pairs)], fill_value=0.0).to_numpy()
        for side in SIDES
    }
    if not all(each.all() for each in found.values()):
        raise LoadFailed(
            "the processes had too little to do to be measured by",
            remedy="send more with each side of a pair: `--count 200000`",
        )
    return found


def _name(side: str, pair: int) -> str:
    """The load's, of that side of a pair."""
    return f"{side}-{pair + 1}"


def interval(ratios: "pd.Series[float]", *, seed: int = 7) -> tuple[float, float, float]:
    """The mean of the ratios with the ends of its 95 % interval, by a bootstrap over the pairs."""
    values, chance = ratios.to_numpy(dtype=float), np.random.default_rng(seed)
    means = chance.choice(values, (RESAMPLES, len(values))).mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(values.mean()), float(low), float(high)
