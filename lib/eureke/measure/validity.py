"""The second verdict: may the numbers be believed? (The first, accounted, is the ledger's.)"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from eureke.measure.sampler import Sample

ACHIEVED_LEAST = 0.99
SEND_LAG_P99_MOST_MS = 10.0
FLOOR_DRIFT_MOST = 0.2
CLOCK_STEP_MOST_S = 0.5
PROVIDER_BUSY_MOST = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What validity is judged by; None where there was no such part of the run."""

    offered_per_s: float | None = None
    achieved_per_s: float | None = None
    send_lag_p99_ms: float | None = None
    waited: int = 0
    """Requests of the paced sender that had to wait for a connection."""
    clock_step_s: float = 0.0
    provider_busy: float = 0.0
    """Share of a core that the provider used, at most."""


def invalid_reasons(facts: Facts) -> list[str]:
    """Why the numbers may not be believed; empty where they may."""
    return list(_reasons(facts))


def _reasons(facts: Facts) -> Iterator[str]:
    if facts.offered_per_s and facts.achieved_per_s is not None:
        share = facts.achieved_per_s / facts.offered_per_s
        if share < ACHIEVED_LEAST:
            yield f"the sender reached {share:.1%} of the offered {facts.offered_per_s:.0f}/s"
    if facts.send_lag_p99_ms is not None and facts.send_lag_p99_ms > SEND_LAG_P99_MOST_MS:
        yield f"the sender was late: send lag p99 {facts.send_lag_p99_ms:.1f} ms"
    if facts.waited:
        yield f"{facts.waited} requests waited for a connection: the loop was not open"
    if facts.provider_busy > PROVIDER_BUSY_MOST:
        yield f"the provider was saturated: {facts.provider_busy:.2f} of a core"
    if abs(facts.clock_step_s) > CLOCK_STEP_MOST_S:
        yield f"the wall clock stepped by {facts.clock_step_s:+.1f} s"


def floor_drift(before_s: float, after_s: float) -> float:
    """By which share the floor moved between the beginning and the end of a run."""
    return abs(after_s - before_s) / ((before_s + after_s) / 2)


def clock_step_s(samples: Sequence[Sample]) -> float:
    """By how much the wall clock left the monotonic one, at most."""
    if not samples:
        return 0.0
    apart = [sample.wall_s - sample.t_ns / 1e9 for sample in samples]
    return max((each - apart[0] for each in apart), key=abs)
