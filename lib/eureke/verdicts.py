"""From phases and floors to a run's summary, with its two verdicts."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from eureke.comparison import Peer
from eureke.measure import validity
from eureke.measure.account import merged
from eureke.measure.floor import Floor
from eureke.phase import Phase
from eureke.scenario import HOURLY_RATE_PER_S


def summarised(
    phases: Sequence[Phase],
    floors: Sequence[Floor],
    peers: Sequence[Peer],
    *,
    name: str,
    clock_step_s: float,
    restarts: dict[str, int],
    aborted: str = "",
) -> dict[str, Any]:
    """The numbers of a run; the first phase is the headline, the first open loop its latency."""
    total = merged(phase.account for phase in phases)
    main = phases[0] if phases else None
    open_loops = (each for each in phases if each.offered_per_s and not each.outage)
    paced = next(open_loops, None)
    floor_s = sum(floor.total_s for floor in floors) / len(floors) if floors else None
    ratio = main.wall_s / floor_s if main and floor_s and main is not paced else None
    drift = _drift(floors)
    reasons = validity.invalid_reasons(_facts(main, paced, clock_step_s))
    counts = {name: value for name, value in asdict(total).items() if name != "culprits"}
    return counts | {
        "scenario": name,
        "aborted": bool(aborted),
        "abort_reason": aborted,
        "accounted": bool(phases) and all(each.account.closes for each in phases),
        "valid": not reasons and not aborted,
        "invalid_reasons": reasons,
        "wall_s": main.wall_s if main else None,
        "throughput_per_s": main.throughput_per_s if main else None,
        "times_faster_than_hour": main.throughput_per_s / HOURLY_RATE_PER_S if main else None,
        "kafka_floor_s": floor_s,
        "floor_ratio": ratio,
        "floor_drift": drift,
        "floor_ratio_valid": drift is not None and drift <= validity.FLOOR_DRIFT_MOST,
        "limiter": main.limiter if main else None,
        "effect_ms": asdict(paced.effect_ms) if paced and paced.effect_ms else None,
        "receipt_ms": asdict(paced.receipt_ms) if paced and paced.receipt_ms else None,
        "urgent_ms": asdict(main.urgent_ms) if main and main.urgent_ms else None,
        "system_cpu_s": main.system_cpu_s if main else None,
        "equipment_cpu_s": main.equipment_cpu_s if main else None,
        "yardstick_cpu_s": main.yardstick_cpu_s if main else None,
        "peak_rss_mib": max((each.peak_rss_mib for each in phases), default=None),
        "restarts": restarts,
        "peers": [_compared(peer, main) for peer in peers],
        "phases": {phase.name: _told(phase) for phase in phases},
    }


def _drift(floors: Sequence[Floor]) -> float | None:
    if len(floors) < 2:
        return None
    return validity.floor_drift(floors[0].total_s, floors[-1].total_s)


def _facts(main: Phase | None, paced: Phase | None, clock_step_s: float) -> validity.Facts:
    return validity.Facts(
        offered_per_s=paced.offered_per_s if paced else None,
        achieved_per_s=paced.achieved_per_s if paced else None,
        send_lag_p99_ms=paced.send_lag_p99_ms if paced else None,
        waited=paced.waited if paced else 0,
        clock_step_s=clock_step_s,
        provider_busy=main.provider_busy if main else 0.0,
    )


def _compared(peer: Peer, main: Phase | None) -> dict[str, Any]:
    """A peer for the summary; what it says of a million is extrapolated from the sample."""
    return asdict(peer) | {
        "throughput_per_s": peer.throughput_per_s,
        "extrapolated_million_s": 1e6 / peer.throughput_per_s,
        "times_as_fast": main.throughput_per_s / peer.throughput_per_s if main else None,
    }


def _told(phase: Phase) -> dict[str, Any]:
    """A phase for the summary."""
    told = asdict(phase) | {"throughput_per_s": phase.throughput_per_s}
    told["account"].pop("culprits")
    return told
