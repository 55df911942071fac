"""Results of made-up runs, as a run writes them: what is compared needs no servers."""

import itertools
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np

from eureke.measure.results import SCHEMA, Result
from eureke.scenario import Scenario

MACHINE: Final = {
    "processor": "Synthetic Processor 9000 CPU @ 2.50GHz",
    "architecture": "x86_64",
    "cores_usable": 2.0,
    "memory_gib": 7.8,
    "python": "3.11.9",
    "commit": "0123456789abcdef",
    "dirty": False,
}
YARDSTICK_CPU_S: Final = 5.0
FLOOR_S: Final = 1.25
_minutes = itertools.count()


def made_up(
    root: Path,
    *,
    scenario: Scenario | None = None,
    machine: Mapping[str, Any] | None = None,
    backend: str = "processes",
    schema: int = SCHEMA,
    **summary: Any,
) -> Result:
    """A result, later than those made before; each number of its summary can be overridden."""
    sent = scenario or Scenario(name="made-up", count=500_000)
    at = next(_minutes)
    began = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(minutes=at)
    folder = root / f"{began:%Y%m%d-%H%M%S}-{at % 65536:04x}"
    folder.mkdir(parents=True)
    told = {
        "scenario": sent.name,
        "aborted": False,
        "accounted": True,
        "valid": True,
        "records": sent.count,
        "wall_s": 10.0,
        "throughput_per_s": sent.count / 10,
        "kafka_floor_s": FLOOR_S,
        "floor_ratio": 8.0,
        "floor_drift": 0.02,
        "floor_ratio_valid": True,
        "system_cpu_s": 13.0,
        "equipment_cpu_s": 2 * YARDSTICK_CPU_S,
        "yardstick_cpu_s": YARDSTICK_CPU_S,
        "peak_rss_mib": 1900.0,
        "receipt_ms": None,
        "phases": {"flat-out": {"sent": sent.count}},
    }
    run = {
        "scenario": asdict(sent),
        "machine": MACHINE | dict(machine or {}),
        "backend": backend,
        "images": {},
        "notes": "a note",
    }
    for name, values in (("run.json", run), ("summary.json", told | summary)):
        (folder / name).write_text(json.dumps({"schema": schema} | values))
    return Result(folder)


def times_s(count: int, *, seed: int, slower: float = 1.0, spread: float = 0.055) -> list[float]:
    """How long so many runs took: a real machine's lie 4 to 6 % apart, by its yardstick."""
    apart = np.random.default_rng(seed).normal(0, spread, count)
    return [float(each) for each in 10 * slower * np.exp(apart)]


def judged_runs(count: int, *, seed: int) -> list[dict[str, Any]]:
    """What a reference keeps of runs."""
    return [
        {"run_id": "a run", "wall_s": each, "yardstick_cpu_s": YARDSTICK_CPU_S}
        for each in times_s(count, seed=seed)
    ]


def runs(
    root: Path,
    count: int,
    *,
    seed: int = 1,
    slower: float = 1.0,
    spread: float = 0.055,
    **other: Any,
) -> list[Result]:
    """Results that differ as those of a real machine do."""
    return [
        made_up(root, **({"wall_s": each, "floor_ratio": each / FLOOR_S} | other))
        for each in times_s(count, seed=seed, slower=slower, spread=spread)
    ]
