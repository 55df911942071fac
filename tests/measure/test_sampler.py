"""The sampler: what a sample holds, and that nothing that is away ends it."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psutil
import pytest
import redis
from confluent_kafka import Consumer, TopicPartition
from tests.measure.conftest import Eventually, Launch, Produce

from eureke.measure.sampler import Sample, Sampler, Usage, read_samples
from eureke.measure.validity import Facts, clock_step_s, invalid_reasons
from eureke.settings import Settings
from eureke.stack.stack import Stack

PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
sys.stdin.readline()
child.kill()
child.wait()
print("its child has ended", flush=True)
sys.stdin.readline()
"""
BUSY = "import sys\nprint(flush=True)\nwhile True: pass"


@pytest.fixture
def nowhere() -> Settings:
    """Settings whose servers are not there."""
    return Settings(
        kafka="127.0.0.1:1",
        redis_queue="redis://127.0.0.1:1/0",
        redis_cache="redis://127.0.0.1:1/0",
        provider_url="http://127.0.0.1:1",
        users_url="",
    )


@pytest.fixture
def busy() -> Iterator["subprocess.Popen[bytes]"]:
    """A process that computes for ever."""
    with subprocess.Popen([sys.executable, "-c", BUSY], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


def write_processes(path: Path, **created_s: tuple[int, float]) -> Path:
    """A file as the supervisor keeps it, replaced as a whole."""
    partial = path.with_suffix(".partial")
    rows = {name: {"pid": pid, "create_time": since} for name, (pid, since) in created_s.items()}
    partial.write_text(json.dumps(rows))
    partial.replace(path)
    return path


def test_a_process_has_its_cpu_seconds_and_its_memory(
    nowhere: Settings, busy: "subprocess.Popen[bytes]", tmp_path: Path, eventually: Eventually
) -> None:
    """CPU seconds grow while it computes; its start is the one its supervisor noted."""
    processes = write_processes(tmp_path / "processes.json", worker=(busy.pid, 12.5))
    sampler = Sampler(nowhere, processes, clock=lambda: 7, wall_clock=lambda: 8.0, timeout_s=0.05)
    first = sampler.sample()
    eventually(lambda: sampler.sample().processes["worker"].cpu_s > first.processes["worker"].cpu_s)
    usage = first.processes["worker"]
    assert (first.t_ns, first.wall_s) == (7, 8.0)
    assert usage.created_s == 12.5
    assert usage.rss_bytes == pytest.approx(psutil.Process(busy.pid).memory_info().rss, rel=0.5)
    assert first.available_bytes > 0
    assert first.disk_free_bytes > 0
    sampler.close()


def test_a_clock_that_goes_backwards_shows_and_moves_nothing_else(
    nowhere: Settings, tmp_path: Path
) -> None:
    """Samples go by the monotonic one; the other stands beside it, and the run is INVALID."""
    walls = iter([1000.0, 1000.25, 400.5])
    sampler = Sampler(
        nowhere, tmp_path / "none.json", wall_clock=lambda: next(walls), timeout_s=0.05
    )
    samples = [sampler.sample() for _ in range(3)]
    sampler.close()
    times_ns = [each.t_ns for each in samples]
    assert times_ns == sorted(times_ns)
    (reason,) = invalid_reasons(Facts(clock_step_s=clock_step_s(samples)))
    assert reason.startswith("the wall clock stepped by -")


def test_nginx_has_the_seconds_of_its_workers(
    nowhere: Settings, tmp_path: Path, eventually: Eventually
) -> None:
    """Its first process does nothing itself; what its workers have used stays when they end."""
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, BUSY],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        processes = write_processes(tmp_path / "processes.json", nginx=(parent.pid, 0.0))
        sampler = Sampler(nowhere, processes, timeout_s=0.05)
        eventually(lambda: child.cpu_times().user > 0.3)
        before = sampler.sample().processes["nginx"].cpu_s
        parent.stdin.write("\n")
        parent.stdin.flush()
        assert "ended" in parent.stdout.readline()
        assert sampler.sample().processes["nginx"].cpu_s >= before > 0.3
        sampler.close()


def test_processes_come_and_go_with_the_file(
    nowhere: Settings, busy: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    """A sender that starts later is sampled from then on; what has died is left out."""
    processes = tmp_path / "processes.json"
    sampler = Sampler(nowhere, processes, timeout_s=0.05)
    assert sampler.sample().processes == {}
    write_processes(processes, sender=(busy.pid, 1.0))
    assert set(sampler.sample().processes) == {"sender"}
    busy.kill()
    busy.wait()
    assert sampler.sample().processes == {}
    write_processes(processes, gone=(busy.pid, 1.0))
    assert sampler.sample().processes == {}
    sampler.close()


def test_lag_is_what_the_group_has_not_committed(
    own: Settings, produce: Produce, tmp_path: Path
) -> None:
    """Ends less committed offsets, over all partitions; where nothing is committed, from 0."""
    lane = own.lane("bulk")
    for partition, count in ((0, 5), (1, 3)):
        for _ in range(count):
            produce(lane.topic, b"{}", partition=partition)
    member = Consumer({"bootstrap.servers": own.kafka, "group.id": lane.group})
    member.commit(offsets=[TopicPartition(lane.topic, 0, 2)], asynchronous=False)
    member.close()
    sampler = Sampler(own, tmp_path / "none.json", timeout_s=10)
    assert sampler.sample().lag == 6
    sampler.close()


def test_a_redis_that_goes_away_leaves_a_gap_and_no_more(tmp_path: Path) -> None:
    """The length of the queue is missing while Redis is dead, and is back when it is."""
    with Stack.start(only=("redis-queue",), say=lambda _: None) as stack:
        settings = stack.settings
        sampler = Sampler(settings, stack.folder / "processes.json", timeout_s=0.5)
        client = redis.Redis.from_url(settings.redis_queue)
        client.rpush(settings.lane("bulk").queue, b"one", b"two")
        before = sampler.sample()
        stack.kill("redis-queue", signal.SIGKILL)
        away = sampler.sample()
        stack.start_service("redis-queue")
        after = sampler.sample()
        client.close()
        sampler.close()
    assert (before.queue, away.queue, after.queue) == (2, None, 0)
    assert away.lag is None  # there was no Kafka at all
    assert set(before.processes) == set(after.processes) == {"redis-queue"}


def test_a_process_samples_until_it_is_told_to_end(
    own: Settings, launch: Launch, eventually: Eventually, tmp_path: Path
) -> None:
    """It writes whole lines, one a sample, against the real servers."""
    out = tmp_path / "samples.ndjson"
    process = launch(
        "eureke.measure.sampler",
        *("--out", str(out)),
        *("--processes", str(tmp_path / "processes.json")),
        settings=own,
    )
    write_processes(tmp_path / "processes.json", sampler=(process.pid, 1.0))
    eventually(lambda: any(each.processes for each in read_samples(out)))
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0
    last = read_samples(out)[-1]
    assert last.queue == 0
    assert last.lag == 0
    assert last.processes["sampler"].cpu_s > 0


def samples_file(path: Path, *t_ns: int, rest: bytes = b"") -> Path:
    """Samples at these times, with processes of differing number so that lines differ in length."""
    usage = Usage(1.0, 2, 3.0)
    samples = [
        Sample(t_ns=at, wall_s=0.0, processes={f"p-{each}": usage for each in range(at % 5)})
        for at in t_ns
    ]
    path.write_bytes(b"".join(msgspec.json.encode(each) + b"\n" for each in samples) + rest)
    return path


def test_a_line_that_is_not_whole_yet_is_left_out(tmp_path: Path) -> None:
    """A reader may come while the sampler writes."""
    path = samples_file(tmp_path / "samples.ndjson", 1, 2, rest=b'{"t_ns":3,"wa')
    assert [each.t_ns for each in read_samples(path)] == [1, 2]
    assert [each.t_ns for each in read_samples(path, begin_ns=2)] == [2]


@pytest.mark.parametrize("begin_ns", range(9, 62))
def test_reading_begins_with_the_last_sample_before_a_time(tmp_path: Path, begin_ns: int) -> None:
    """Nothing older is read, and nothing of the span is missed."""
    times = list(range(10, 60, 3))
    path = samples_file(tmp_path / "samples.ndjson", *times)
    first = max((at for at in times if at <= begin_ns), default=10)
    expected = [at for at in times if at >= first]
    assert [each.t_ns for each in read_samples(path, begin_ns=begin_ns)] == expected
