"""What a process tells of itself: on its port, in its file, or not at all."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from tests.waiting import wait_until

from eureke import exposed
from eureke.errors import EurekeError
from eureke.stack.ports import free_ports

SERVER = """
import gc, sys
from eureke import exposed
gc.collect()
gc.disable()
exposed.serve()
print("ready", flush=True)
sys.stdin.readline()
print(gc.collect(), flush=True)
"""
Serve = Callable[[int], "subprocess.Popen[str]"]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a process that serves its metrics on a port and has its collector off."""
    started: list[subprocess.Popen[str]] = []

    def start(port: int) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-c", SERVER],
            env=os.environ | {exposed.METRICS_VARIABLE: f"127.0.0.1:{port}" if port else ""},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def threads(process: "subprocess.Popen[str]") -> int:
    return len(list(Path(f"/proc/{process.pid}/task").iterdir()))


def test_being_asked_leaves_nothing_to_a_collector_that_is_off(serve: Serve) -> None:
    """A dispatcher runs for days with it off, and is asked every second."""
    (port,) = free_ports(1)
    process = serve(port)
    for _ in range(100):
        answer = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=5)
        assert "process_cpu_seconds_total" in answer.text
    wait_until(lambda: threads(process) == 2, within_s=5, what="the end of the answers' threads")
    assert process.communicate("count\n", timeout=10)[0] == "0\n"


def test_what_is_counted_late_is_counted_before_it_is_told() -> None:
    """Each time that somebody asks: nothing of it is missing in the answer."""
    registry = CollectorRegistry()
    late = exposed.Late(registry=registry)
    counter = Counter("eureke_made_up", "Of the test", registry=registry)
    late.do = lambda: counter.inc(5)
    assert b"eureke_made_up_total 5.0" in generate_latest(registry)
    assert b"eureke_made_up_total 10.0" in generate_latest(registry)


def test_without_a_port_nothing_is_served(serve: Serve) -> None:
    """No thread, no socket: a process outside of a stack is as it was."""
    assert threads(serve(0)) == 1


def test_a_port_that_is_taken_is_an_error_with_a_remedy(serve: Serve) -> None:
    """The stack sees by it that it has lost the port."""
    (port,) = free_ports(1)
    serve(port)
    with pytest.raises(EurekeError, match="already in use"):
        exposed.serve({exposed.METRICS_VARIABLE: f"127.0.0.1:{port}"})


def test_one_observation_counts_for_many() -> None:
    """A batch's time is that of each notification in it; buckets hold those below them too."""
    registry = CollectorRegistry()
    took = exposed.Durations("took_seconds", "How long", ["lane"], registry=registry)
    took.observe("bulk", seconds=0.004, times=3)
    took.observe("bulk", seconds=0.005, times=1)
    took.observe("bulk", seconds=100.0, times=2)
    assert registry.get_sample_value("took_seconds_count", {"lane": "bulk"}) == 6
    assert registry.get_sample_value("took_seconds_sum", {"lane": "bulk"}) == pytest.approx(200.017)
    (family,) = text_string_to_metric_families(generate_latest(registry).decode())
    below = {each.labels["le"]: each.value for each in family.samples if "le" in each.labels}
    assert (below["0.002"], below["0.005"], below["30.0"], below["+Inf"]) == (0, 4, 4, 6)


def test_a_file_is_written_where_one_was_named(tmp_path: Path) -> None:
    """As a whole, so that whoever reads it sees no half of it; else nothing is written."""
    registry = CollectorRegistry()
    Counter("sent", "So far", registry=registry).inc(7)
    path = tmp_path / "sender.prom"
    exposed.write(registry, {})
    assert not list(tmp_path.iterdir())
    exposed.write(registry, {exposed.METRICS_FILE_VARIABLE: str(path)})
    assert list(tmp_path.iterdir()) == [path]
    assert "sent_total 7.0" in path.read_text()
