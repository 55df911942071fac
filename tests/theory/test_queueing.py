"""M/M/c against what is known of it, and against a simulation."""

from math import inf, log

import numpy as np
import pytest

from eureke.errors import BadParameter
from eureke.theory import Queue


def test_one_server_is_the_textbook_case() -> None:
    """M/M/1: the time is exponential with mean 1/(μ-λ)."""
    queue = Queue(rate_per_s=80, service_ms=10)
    assert queue.busy == queue.waits == pytest.approx(0.8)
    assert queue.mean_ms == pytest.approx(50)
    assert queue.quantile_ms(0.99) == pytest.approx(50 * log(100), rel=1e-6)
    assert queue.under_way == pytest.approx(4)


def test_two_servers_that_share_a_queue() -> None:
    """Erlang C of 2 servers with 1.6 of them busy is 0.711."""
    queue = Queue(rate_per_s=160, service_ms=10, servers=2)
    assert queue.waits == pytest.approx(0.7111, abs=1e-4)
    assert queue.mean_ms == pytest.approx(27.78, abs=0.01)


def test_from_full_on_there_is_no_end() -> None:
    """As many as can be served are too many already, when they come at random."""
    queue = Queue(rate_per_s=100, service_ms=10)
    assert queue.mean_ms == queue.quantile_ms(0.5) == inf


@pytest.mark.parametrize("servers", [1, 2, 4])
def test_quantiles_are_those_of_a_simulation(servers: int) -> None:
    """A hundred thousand requests, at nine tenths of what the servers can."""
    chance = np.random.default_rng(1)
    queue = Queue(rate_per_s=90.0 * servers, service_ms=10, servers=servers)
    comes = np.cumsum(chance.exponential(1000 / queue.rate_per_s, 100_000))
    free = [0.0] * servers
    took = []
    for come, service in zip(comes, chance.exponential(10, len(comes)), strict=True):
        first = min(range(servers), key=free.__getitem__)
        free[first] = max(free[first], come) + service
        took.append(free[first] - come)
    for share in (0.5, 0.9, 0.99):
        assert queue.quantile_ms(share) == pytest.approx(np.quantile(took, share), rel=0.15)


@pytest.mark.parametrize("wrong", [{"rate_per_s": 0}, {"service_ms": -1}, {"servers": 0}])
def test_what_is_no_queue_is_refused(wrong: dict[str, float]) -> None:
    """With what it should have."""
    with pytest.raises(BadParameter, match="cannot be"):
        Queue(**({"rate_per_s": 1.0, "service_ms": 1.0, "servers": 1} | wrong))  # type: ignore[arg-type]


@pytest.mark.parametrize("servers", [1, 8])
def test_waits_are_those_of_a_simulation(servers: int) -> None:
    """Without the time of service; none where enough find a free server."""
    chance = np.random.default_rng(2)
    queue = Queue(rate_per_s=92.0 * servers, service_ms=10, servers=servers)
    free, waited = [0.0] * servers, []
    come = 0.0
    for gap, service in chance.exponential((1000 / queue.rate_per_s, 10), (200_000, 2)):
        come += gap
        first = min(range(servers), key=free.__getitem__)
        waited.append(max(0.0, free[first] - come))
        free[first] = max(free[first], come) + service
    for share in (0.5, 0.9, 0.99):
        assert queue.wait_quantile_ms(share) == pytest.approx(np.quantile(waited, share), rel=0.2)
    calm = Queue(rate_per_s=1.0 * servers, service_ms=10, servers=servers)
    assert calm.wait_quantile_ms(0.9) == 0
    assert Queue(rate_per_s=1000, service_ms=10).wait_quantile_ms(0.9) == inf
