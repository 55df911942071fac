"""What a part of the system costs: processor time a notification with it and without, in pairs.

Small differences drown in a machine's moods, so both sides of a pair go through the same warm
stack, one right after the other, the order changes from pair to pair, and what is told is an
interval over the pairs' ratios.
"""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from eureke.phase import Plan, plan
from eureke.run import Run
from eureke.scenario import Scenario
from eureke.stack.stack import Stack

RESAMPLES: Final = 10_000
WATCHERS: Final = ("prometheus", "exporter", "canary")


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
        equipment's included, for each notification) and ratio.
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
            rows.append(
                {
                    "pair": pair,
                    "without_ms": took["without"],
                    "with_ms": took["with"],
                    "ratio": took["with"] / took["without"],
                }
            )
        run.close()
    return pd.DataFrame(rows)


def _pair(run: Run, stack: Stack, part: Part, pair: int, count: int) -> dict[str, float]:
    """Milliseconds of processor time a notification, of each side."""
    took = {}
    for side in ("with", "without") if pair % 2 else ("without", "with"):
        load = plan(run.scenario, name=f"{side}-{pair + 1}", count=count)
        as_it_is = contextlib.nullcontext(load)
        with part.without(stack, load) if side == "without" else as_it_is as to_send:
            sent = run.send(to_send)
        took[side] = 1000 * (sent.system_cpu_s + sent.equipment_cpu_s) / sent.sent
    return took


def interval(ratios: "pd.Series[float]", *, seed: int = 7) -> tuple[float, float, float]:
    """The mean of the ratios with the ends of its 95 % interval, by a bootstrap over the pairs."""
    values, chance = ratios.to_numpy(dtype=float), np.random.default_rng(seed)
    means = chance.choice(values, (RESAMPLES, len(values))).mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(values.mean()), float(low), float(high)
