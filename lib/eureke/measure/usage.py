"""What the processes used, and which of them held the others up: from the sampler's record."""

from collections.abc import Sequence
from typing import Final

from eureke.measure.sampler import Sample, Usage

EQUIPMENT: Final = (
    *("sender", "people", "provider", "observer", "sampler", "floor"),
    *("exporter", "prometheus", "canary"),
)
YARDSTICK: Final = ("provider", "observer")
"""Those that do the same for every notification, whatever the system's speed: a sender that waits
for Kafka takes more."""
SATURATED: Final = 0.9
ALL_BUSY: Final = 0.85


def between(samples: Sequence[Sample], begin_ns: int, end_ns: int) -> list[Sample]:
    """The samples of a span, with the last one before it and the first one after."""
    first = max((at for at, each in enumerate(samples) if each.t_ns <= begin_ns), default=0)
    last = min((at for at, each in enumerate(samples) if each.t_ns >= end_ns), default=len(samples))
    return list(samples[first : last + 1])


def cpu_seconds(samples: Sequence[Sample]) -> dict[str, float]:
    """CPU seconds of each process within the samples, those that came or went included."""
    spent: dict[str, float] = {}
    before: dict[str, Usage] = {}
    for sample in samples:
        for name, usage in sample.processes.items():
            known = before.get(name)
            if known is not None and known.created_s == usage.created_s:
                began = known.cpu_s
            else:  # it started since the last look, or it was there before the first
                began = usage.cpu_s if sample is samples[0] else 0.0
            spent[name] = spent.get(name, 0.0) + usage.cpu_s - began
            before[name] = usage
    return spent


def is_equipment(name: str) -> bool:
    """Whether a process belongs to the test equipment, by its name."""
    return name.partition("-")[0] in EQUIPMENT


def peak_rss_mib_by_process(samples: Sequence[Sample]) -> dict[str, float]:
    """The most memory that each process held at one look."""
    peaks: dict[str, float] = {}
    for sample in samples:
        for name, usage in sample.processes.items():
            peaks[name] = max(peaks.get(name, 0.0), usage.rss_bytes / 2**20)
    return peaks


def peak_rss_mib(samples: Sequence[Sample]) -> float:
    """The most memory that all processes together held at one look."""
    sums = [sum(usage.rss_bytes for usage in sample.processes.values()) for sample in samples]
    return max(sums, default=0) / 2**20


def limiter(samples: Sequence[Sample], *, cores: float) -> str:
    """What kept the run from being faster, with its evidence."""
    spent = cpu_seconds(samples)
    if len(samples) < 2 or not spent:
        return "unknown: too short for the sampler"
    span_s = (samples[-1].t_ns - samples[0].t_ns) / 1e9
    shares = {name: seconds / span_s for name, seconds in spent.items()}
    busiest = max(shares, key=lambda name: shares[name])
    evidence = f"{busiest} used {shares[busiest]:.2f} of a core"
    busy = sum(sample.cores_busy for sample in samples[1:]) / (len(samples) - 1)
    queue = max((sample.queue or 0 for sample in samples), default=0)
    lag = max((sample.lag or 0 for sample in samples), default=0)
    seen = f"{evidence}, {busy:.1f} of {cores:g} cores busy, queue up to {queue}, lag up to {lag:,}"
    if busy >= ALL_BUSY * cores:
        return f"the processor: {seen}"
    if shares[busiest] >= SATURATED:
        return f"{busiest}: {seen}"
    return f"waiting, not computing: {seen}"
