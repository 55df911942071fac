"""What creeps: latency and memory from the beginning of an open loop to its end."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from eureke.charts import figure_steady, memory
from eureke.measure.results import Result

MakeResult = Callable[..., Result]
LASTS_S = 120.0
GROWS_MIB = {"worker-bulk-1": 60.0, "dispatcher-bulk-1": 4.0, "kafka": -30.0}


@pytest.fixture
def steady(make_result: MakeResult) -> Callable[..., Result]:
    """Makes a result whose open loop grows by so much: memory in MiB, its slow ones in times."""

    def make(grows: dict[str, float], *, slower: float = 1.0, count: int = 33_333) -> Result:
        result = make_result(20_000, open_loop=count)
        samples = pd.read_parquet(result.folder / "samples.parquet")
        share = samples["intended_s"] / samples["intended_s"].max()
        samples["receipt_ms"] *= 1 + (slower - 1) * (share > 0.5)
        samples.to_parquet(result.folder / "samples.parquet")
        t_s = np.arange(0, LASTS_S, 0.25)
        lines = [
            pd.DataFrame(
                {
                    "t_s": t_s,
                    "phase": "open-loop",
                    "series": f"rss_mib.{name}",
                    "value": 200 + mib * t_s / LASTS_S,
                }
            )
            for name, mib in grows.items()
        ]
        timeline = pd.read_parquet(result.folder / "timeline.parquet")
        pd.concat([timeline, *lines]).to_parquet(result.folder / "timeline.parquet")
        return Result(result.folder)

    return make


def test_what_grew_most_is_named_first(steady: Callable[..., Result]) -> None:
    """From the second sixth, when all are warm, to the last one; what shrank did not grow."""
    found = memory(steady(GROWS_MIB))
    assert list(found.index) == ["worker-bulk-1", "dispatcher-bulk-1", "kafka"]
    assert found.loc["worker-bulk-1", "grew_mib"] == pytest.approx(60 * 2 / 3, rel=0.02)
    assert list(found["grew_mib"] < 0) == [False, False, True]


def test_growth_is_in_the_finding(steady: Callable[..., Result]) -> None:
    """By its name and how much; and that latency did the same."""
    said = figure_steady(steady(GROWS_MIB, slower=3.0)).sentence
    assert "worker-bulk-1 grew most, by 40 MiB" in said
    words = said.split()
    first, last = (float(words[at - 1]) for at, word in enumerate(words) if word == "ms")
    assert last > 2 * first


def test_where_nothing_grows_it_says_so(steady: Callable[..., Result]) -> None:
    """Half a MiB is none."""
    said = figure_steady(steady({"kafka": 0.7, "worker-bulk-1": 0.0})).sentence
    assert said.endswith("no process holds more memory at the end")


def test_a_process_that_was_not_there_all_the_time_says_nothing(
    steady: Callable[..., Result],
) -> None:
    """A sender that ends, or one that came late, has no before and after."""
    result = steady(GROWS_MIB)
    table = pd.read_parquet(result.folder / "timeline.parquet")
    early = (table["series"] == "rss_mib.worker-bulk-1") & (table["t_s"] > LASTS_S / 2)
    table[~early].to_parquet(result.folder / "timeline.parquet")
    found = memory(Result(result.folder))
    assert list(found.index) == ["dispatcher-bulk-1", "kafka"]


def test_a_run_that_is_too_short_claims_nothing(steady: Callable[..., Result]) -> None:
    """Neither a percentile nor a trend."""
    assert figure_steady(steady(GROWS_MIB, count=900)).sentence == (
        "Too short to see whether anything creeps"
    )


def test_without_memory_in_the_timeline_latency_is_told_alone(
    steady: Callable[..., Result],
) -> None:
    """What was not sampled is no zero."""
    said = figure_steady(steady({})).sentence
    assert "in the last" in said
    assert "MiB" not in said
    assert "memory" not in said
    assert memory(steady({})).empty
