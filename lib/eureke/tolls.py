"""What a part of the system costs: processor time a notification with it and without, in pairs.

Small differences drown in a machine's moods, so both sides of a pair run one after the other, the
order changes from pair to pair, and what is told is an interval over the pairs' ratios.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from eureke.run import Run
from eureke.scenario import Scenario
from eureke.stack.stack import Stack

LOAD: Final = Scenario(urgent_per_s=0, open_loop_s=0)
PARTS: Final = {
    # By lines, a thousand a request; without Nginx one replica has all of them.
    "nginx": (
        replace(LOAD, entrance="api", apis=2, balancer="none"),
        replace(LOAD, entrance="api", apis=2),
    ),
    "monitoring": (LOAD, replace(LOAD, monitoring=True)),
}
"""Without it, and with it."""
RESAMPLES: Final = 10_000


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
        pairs: how many; each needs two fresh stacks.
        count: notifications of each side.
        say: is told of each side.
        results_folder: where the runs' results go; to all others when None.

    Returns:
        A row for each pair: without_ms and with_ms (processor time of all processes, the test
        equipment's included, for each notification) and ratio.
    """
    rows = []
    for pair in range(pairs):
        sides = dict(zip(("without", "with"), PARTS[part], strict=True))
        order = list(sides) if pair % 2 else list(sides)[::-1]
        took = {
            each: _cpu_ms_each(replace(sides[each], count=count), results_folder) for each in order
        }
        say(f"pair {pair + 1} of {pairs}: " + ", ".join(f"{k} {v:.4f} ms" for k, v in took.items()))
        row: dict[str, Any] = {"pair": pair, "without_ms": took["without"], "with_ms": took["with"]}
        rows.append(row | {"ratio": took["with"] / took["without"]})
    return pd.DataFrame(rows)


def interval(ratios: "pd.Series[float]", *, seed: int = 7) -> tuple[float, float, float]:
    """The mean of the ratios with the ends of its 95 % interval, by a bootstrap over the pairs."""
    values, chance = ratios.to_numpy(dtype=float), np.random.default_rng(seed)
    means = chance.choice(values, (RESAMPLES, len(values))).mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(values.mean()), float(low), float(high)


def _cpu_ms_each(scenario: Scenario, results_folder: Path | None) -> float:
    with Stack.start(scenario=scenario, backend="processes", say=lambda _line: None) as stack:
        run = Run.begin(scenario, stack, floor=False, results_folder=results_folder)
        sent = run.flat_out()
        run.close()
    return 1000 * (sent.system_cpu_s + sent.equipment_cpu_s) / sent.sent
