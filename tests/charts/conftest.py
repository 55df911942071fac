"""Results as a run writes them, made up from a seed: no typed numbers, no servers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from eureke.measure.account import Account
from eureke.measure.latency import STAGES, percentiles
from eureke.measure.results import Result, ResultWriter
from eureke.scenario import Scenario

CORES_BY_PROCESS = {
    "kafka": 0.21,
    "redis-queue": 0.05,
    "redis-cache": 0.0,
    "dispatcher-bulk-1": 0.52,
    "worker-bulk-1": 0.49,
    "sender-flat-out": 0.36,
    "provider": 0.14,
    "observer": 0.06,
    "sampler": 0.02,
}
STEP_S = 0.25
MakeResult = Callable[..., Result]


@pytest.fixture
def make_result(tmp_path: Path) -> MakeResult:
    """Makes the result of a run of that size; every other value can be overridden."""

    def make(
        count: int = 1_000_000, *, open_loop: int = 33_333, urgent: int = 140, **summary: Any
    ) -> Result:
        writer = ResultWriter(tmp_path)
        random = np.random.default_rng(count)
        told = _summary(count, random) | summary
        writer.write_json("run.json", _run(count))
        if not told["aborted"]:
            timeline = _timeline(count, told["wall_s"], random)
            timeline.to_parquet(writer.folder / "timeline.parquet")
            if open_loop:
                samples = _samples(open_loop, random)
                samples.to_parquet(writer.folder / "samples.parquet")
                for name in ("effect_ms", "receipt_ms"):
                    told[name] = _percentiles(samples[name].to_numpy())
            if urgent:
                _urgent(urgent, told["wall_s"], random).to_parquet(writer.folder / "urgent.parquet")
        writer.write_json("summary.json", told)
        return writer.close()

    return make


@pytest.fixture
def aborted(make_result: MakeResult) -> Result:
    """A run that ended before anything was measured."""
    return make_result(
        aborted=True,
        abort_reason="KeyboardInterrupt: stopped by hand",
        accounted=False,
        valid=False,
        records=0,
        phases={},
        wall_s=None,
        throughput_per_s=None,
        effect_ms=None,
        receipt_ms=None,
        limiter=None,
        system_cpu_s=None,
        open_loop=0,
    )


def _run(count: int) -> dict[str, Any]:
    scenario = Scenario(count=count)
    return {
        "scenario": {name: getattr(scenario, name) for name in scenario.__dataclass_fields__},
        "machine": {
            "processor": "Synthetic Processor 9000 CPU @ 2.50GHz",
            "cores": 2,
            "cores_usable": 2.0,
            "commit": "0123456789abcdef",
            "dirty": False,
        },
        "backend": "processes",
        "floors": [],
    }


def _summary(count: int, random: np.random.Generator) -> dict[str, Any]:
    wall_s = count / 105_000
    duplicates, malformed, dead = count // 100, count // 1000, count // 2000
    unique = count - duplicates - malformed
    account = Account(
        records=count,
        unique=unique,
        duplicates=duplicates,
        malformed=malformed,
        acknowledged=count,
        delivered=unique - dead,
        dead_lettered=dead,
    )
    counts = {name: getattr(account, name) for name in Account.__dataclass_fields__}
    counts.pop("culprits")
    system_cpu_s = wall_s * 1.27
    phase = {
        "account": counts,
        "wall_s": wall_s,
        "throughput_per_s": count / wall_s,
        "system_cpu_s": system_cpu_s,
        "limiter": "the processor",
    }
    outage = phase | {
        "name": "down-10s",
        "wall_s": 20.0,
        "outage": {"kind": "down", "seconds": 10.0},
        "toll": {
            "gone_s": 5.0,
            "back_s": 15.0,
            "drained_s": float(random.uniform(0.5, 3)),
            "refused": count // 100,
            "retried": 0,
        },
    }
    return counts | {
        "scenario": "hourly-million",
        "aborted": False,
        "abort_reason": "",
        "accounted": True,
        "valid": True,
        "invalid_reasons": [],
        "wall_s": wall_s,
        "throughput_per_s": count / wall_s,
        "times_faster_than_hour": count / wall_s * 3600 / 1e6,
        "kafka_floor_s": wall_s / 4,
        "floor_ratio": 4.0,
        "limiter": "the processor: worker-1 used 0.93 of a core, 1.9 of 2 cores busy",
        "effect_ms": None,
        "receipt_ms": None,
        "system_cpu_s": system_cpu_s,
        "equipment_cpu_s": wall_s * 0.58,
        "peak_rss_mib": float(random.normal(1900, 50)),
        "phases": {"flat-out": phase, "down-10s": outage},
    }


def _timeline(count: int, wall_s: float, random: np.random.Generator) -> pd.DataFrame:
    t_s = np.arange(STEP_S / 2, wall_s + STEP_S, STEP_S)
    rows: list[tuple[float, str, str, float]] = []
    rates = {
        "sent_per_s": _burst(t_s, 0, wall_s * 0.35, random),
        "effects_per_s": _burst(t_s, wall_s * 0.03, wall_s * 0.985, random),
        "receipts_per_s": _burst(t_s, wall_s * 0.04, wall_s, random),
    }
    for name, shape in rates.items():
        per_s = shape / max(shape.sum(), 1e-9) * count / STEP_S
        rates[name] = per_s
        rows += [(t, "flat-out", name, value) for t, value in zip(t_s, per_s, strict=True)]
    lag = np.cumsum(rates["sent_per_s"] - rates["receipts_per_s"]) * STEP_S
    lag = np.clip(lag.round(), 0, None)
    queue = np.clip(random.normal(9, 4, len(t_s)).round(), 0, None) * (lag > 0)
    for t, behind, tasks in zip(t_s, lag, queue, strict=True):
        rows += [(t, "flat-out", "lag", behind), (t, "flat-out", "queue", tasks)]
    for t in np.arange(0, 20, STEP_S):
        rows.append((t, "down-10s", "lag", 278 * (t - 5) if 5 <= t < 16 else 60))
    for name, cores in CORES_BY_PROCESS.items():
        busy = _burst(t_s, 0, wall_s * (0.36 if "sender" in name else 1), random) * cores * 1.6
        memory_mib = 90 + 700 * (name == "kafka") + 40 * random.random()
        for t, used in zip(t_s, busy, strict=True):
            rows.append((t, "flat-out", f"cpu.{name}", used))
            rows.append((t, "flat-out", f"rss_mib.{name}", memory_mib))
    return pd.DataFrame(rows, columns=["t_s", "phase", "series", "value"])


def _burst(
    t_s: npt.NDArray[np.float64], begin_s: float, end_s: float, random: np.random.Generator
) -> npt.NDArray[np.float64]:
    inside = (t_s >= begin_s) & (t_s <= end_s + STEP_S / 2)
    drawn = np.clip(random.normal(0.62, 0.06, len(t_s)), 0, None)
    return np.where(inside, drawn, 0.0)


def _samples(n: int, random: np.random.Generator) -> pd.DataFrame:
    medians = dict(zip(STAGES, (0.12, 0.5, 0.55, 0.8, 0.9, 0.6), strict=True))
    stages = {
        f"{name}_ms": random.lognormal(np.log(median), 0.55, n) for name, median in medians.items()
    }
    slow = random.random(n) < 0.012
    stages["queue_ms"] = stages["queue_ms"] + slow * random.lognormal(2.2, 0.5, n)
    table = pd.DataFrame(stages)
    table["receipt_ms"] = table.sum(axis=1)
    table["effect_ms"] = (
        table["receipt_ms"] - table["receipt_topic_ms"] - 0.3 * table["provider_ms"]
    )
    table["intended_s"] = np.arange(n) / (1e6 / 3600)
    return table


def _urgent(n: int, wall_s: float, random: np.random.Generator) -> pd.DataFrame:
    """In their own lane quick all the time; in one lane behind a backlog that grows and shrinks."""
    intended_s = np.linspace(0, wall_s, n)
    behind_ms = 1000 * np.clip(np.minimum(intended_s, wall_s - intended_s), 0.05, None)
    shared = pd.DataFrame({"phase": "one-lane", "intended_s": intended_s, "receipt_ms": behind_ms})
    own_ms = random.lognormal(np.log(40), 0.5, n)
    own = pd.DataFrame({"phase": "flat-out", "intended_s": intended_s, "receipt_ms": own_ms})
    return pd.concat([own, shared])


def _percentiles(values: npt.NDArray[np.float64]) -> dict[str, float | None]:
    told = percentiles(values)
    return {name: getattr(told, name) for name in type(told).__dataclass_fields__}
