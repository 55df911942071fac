"""What processes used between two samples, and which of them was the limiter."""

import pytest

from eureke.measure.sampler import Sample, Usage
from eureke.measure.usage import (
    between,
    cpu_seconds,
    is_equipment,
    limiter,
    peak_rss_mib,
    peak_rss_mib_by_process,
)

S = 1_000_000_000
MIB = 2**20


def sample(
    t_s: float,
    *,
    cores_busy: float = 0.0,
    queue: int | None = 0,
    lag: int | None = 0,
    **cpu_s: float | Usage,
) -> Sample:
    """A sample in which each process used so many CPU seconds; 100 MiB where not said."""
    return Sample(
        t_ns=int(t_s * S),
        wall_s=0.0,
        processes={
            name: used if isinstance(used, Usage) else Usage(used, 100 * MIB, 1.0)
            for name, used in cpu_s.items()
        },
        cores_busy=cores_busy,
        queue=queue,
        lag=lag,
    )


def test_cpu_seconds_count_from_the_first_sample_to_the_last() -> None:
    """What was used before the span is not counted."""
    assert cpu_seconds([sample(0, kafka=40.0), sample(1, kafka=40.5), sample(2, kafka=42.0)]) == {
        "kafka": 2.0
    }


def test_a_process_that_came_and_went_within_the_span_counts_whole() -> None:
    """A sender starts after the first sample and has ended before the last."""
    samples = [sample(0, kafka=1.0), sample(1, sender=0.4, kafka=1.0), sample(2, kafka=1.0)]
    assert cpu_seconds(samples) == {"kafka": 0.0, "sender": 0.4}


def test_a_successor_of_the_same_name_adds_to_its_predecessor() -> None:
    """A killed worker's CPU seconds stay, though the counter begins anew."""
    samples = [
        sample(0, worker=Usage(5.0, MIB, 1.0)),
        sample(1, worker=Usage(6.0, MIB, 1.0)),
        sample(2, worker=Usage(0.5, MIB, 2.0)),
        sample(3, worker=Usage(1.5, MIB, 2.0)),
    ]
    assert cpu_seconds(samples) == {"worker": 2.5}


def test_a_gap_in_the_samples_of_a_process_loses_nothing() -> None:
    """A process that was left out of one sample is counted over it."""
    samples = [sample(0, kafka=1.0), sample(1), sample(2, kafka=3.0)]
    assert cpu_seconds(samples) == {"kafka": 2.0}


def test_no_samples_are_no_seconds() -> None:
    """A run that ended before the first look has nothing to count."""
    assert cpu_seconds([]) == {}
    assert peak_rss_mib([]) == 0


def test_a_span_has_the_samples_around_it() -> None:
    """The last one before and the first one after belong to it; far ones do not."""
    samples = [sample(at) for at in range(6)]
    found = between(samples, int(1.5 * S), int(3.5 * S))
    assert [each.t_ns // S for each in found] == [1, 2, 3, 4]


def test_the_peak_is_of_the_sum_at_one_look_not_the_sum_of_the_peaks() -> None:
    """Two processes that are large at different times never needed both at once."""
    samples = [
        sample(0, a=Usage(0, 300 * MIB, 1.0), b=Usage(0, 100 * MIB, 1.0)),
        sample(1, a=Usage(0, 100 * MIB, 1.0), b=Usage(0, 250 * MIB, 1.0)),
    ]
    assert peak_rss_mib(samples) == 400
    assert peak_rss_mib_by_process(samples) == {"a": 300, "b": 250}


@pytest.mark.parametrize(
    ("name", "equipment"),
    [
        ("sender-flat-out", True),
        ("canary", True),
        ("provider", True),
        ("observer", True),
        ("sampler", True),
        ("floor-before", True),
        ("kafka", False),
        ("redis-queue", False),
        ("dispatcher-1", False),
        ("worker-12", False),
    ],
)
def test_sides_are_told_by_name(name: str, equipment: bool) -> None:
    """The system under test pays for no test equipment."""
    assert is_equipment(name) is equipment


def test_all_cores_busy_is_the_processor_and_the_busiest_process_is_named() -> None:
    """With both cores at work no single process is to blame, but one leads."""
    found = limiter(
        [
            sample(0, cores_busy=0.0, worker=0.0, kafka=0.0),
            sample(10, cores_busy=1.9, worker=9.5, kafka=4.0, queue=7, lag=12_345),
        ],
        cores=2,
    )
    assert found == (
        "the processor: worker used 0.95 of a core, 1.9 of 2 cores busy, queue up to 7, "
        "lag up to 12,345"
    )


def test_one_process_at_its_core_is_the_limiter() -> None:
    """A core is free, yet one process can do no more."""
    samples = [sample(0, sender=0.0), sample(10, cores_busy=1.1, sender=9.7, kafka=1.0)]
    assert limiter(samples, cores=2).startswith("sender: sender used 0.97 of a core")


def test_idle_cores_mean_that_the_run_waited() -> None:
    """Neither a process nor the machine was at its limit."""
    samples = [sample(0, worker=0.0), sample(10, cores_busy=0.4, worker=2.0, queue=None, lag=None)]
    assert limiter(samples, cores=2).startswith("waiting, not computing: worker used 0.20")


@pytest.mark.parametrize("samples", [[], [sample(0, worker=1.0)]])
def test_too_short_a_run_names_no_limiter(samples: list[Sample]) -> None:
    """One look shows no use."""
    assert limiter(samples, cores=2).startswith("unknown")


def test_samples_without_processes_name_no_limiter() -> None:
    """A sampler that saw no process has no evidence."""
    assert limiter([sample(0), sample(1)], cores=2).startswith("unknown")
