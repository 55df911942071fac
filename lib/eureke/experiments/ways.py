"""Ways to send the same notifications, in interleaved rounds: what each step away from one task and
one request for each of them is worth, and what our own pipeline does."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pandas as pd

from eureke.experiments.rounds import to_and_fro
from eureke.measure.results import Result
from eureke.peers.ways import WAYS
from eureke.phase import plan
from eureke.run import Run
from eureke.scenario import Scenario
from eureke.stack.stack import Stack

PIPELINE, DRAIN = "pipeline", "drain"
SAMPLES: Final[Mapping[str, int]] = {
    "naive": 4_000,
    "tuned": 10_000,
    "tasks": 10_000,
    "both": 100_000,
    PIPELINE: 200_000,
    DRAIN: 200_000,
}
"""Notifications of each, by the way's name: so many that each takes some seconds."""
WORDS: Final[Mapping[str, str]] = {name: way.words for name, way in WAYS.items()} | {
    PIPELINE: "this pipeline, each one accounted for",
    DRAIN: "this pipeline, its topic loaded beforehand",
}
SCENARIO: Final = Scenario(name="ways", urgent_per_s=0.0, open_loop_s=0.0, warm_up=50_000)
TABLE: Final = "ways"


def ways(
    stack: Stack,
    *,
    rounds: int,
    say: Callable[[str], None],
    scenario: Scenario = SCENARIO,
    samples: Mapping[str, int] = SAMPLES,
    results_folder: Path | None = None,
) -> Result:
    """A result with a table `ways`, a row for each round and way, in an order that changes.

    Args:
        stack: with everything but an API.
        rounds: each has every way once, after one that is not counted.
        say: is told of each.
        scenario: how the world behaves; its provider answers as in the headline.
        samples: notifications of each way.
        results_folder: where the result goes; to all others when None.
    """
    run = Run.begin(scenario, stack, results_folder=results_folder, floor=False)
    rows = []
    for number, name in to_and_fro(tuple(samples), rounds=rounds + 1):
        count = samples[name] if number else max(1, samples[name] // 5)
        found = _once(run, name, number, count)
        say(f"round {number} of {rounds}, {WORDS[name]}: {found['per_s']:,.0f} a second")
        rows += [{"round": number, "way": WORDS[name]} | found] if number else []
    pd.DataFrame(rows).to_parquet(run.folder / f"{TABLE}.parquet")
    return run.close()


def _once(run: Run, name: str, number: int, count: int) -> dict[str, Any]:
    load = plan(run.scenario, name=f"{name}-{number}", count=count)
    if name in WAYS:
        peer = run.send_by(WAYS[name], load)
        return {"sample": peer.sample, "wall_s": peer.wall_s, "per_s": peer.throughput_per_s}
    phase = run.drain(load) if name == DRAIN else run.send(load)
    return {"sample": phase.sent, "wall_s": phase.wall_s, "per_s": phase.throughput_per_s}


def compared(table: pd.DataFrame) -> pd.DataFrame:
    """A row for each way: sample, median, least and most a second, and how many times as fast as
    it the pipeline is, by the medians over the rounds."""
    per_s = table.groupby("way", sort=False)["per_s"]
    told = per_s.agg(median="median", least="min", most="max")
    ours = told.loc[WORDS[PIPELINE], "median"]
    told.insert(0, "sample", table.groupby("way", sort=False)["sample"].median().astype(int))
    told["pipeline_times_as_fast"] = ours / told["median"]
    return pd.DataFrame(told.reindex([way for way in WORDS.values() if way in told.index]))
