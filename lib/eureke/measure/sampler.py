"""The sampler: `python -m eureke.measure.sampler --out FILE --processes FILE`.

Four times a second: CPU seconds and memory of each process of the stack, the length of Celery's
queue, the lag of the dispatchers' group. What is away is left out of that sample.
"""

import argparse
import contextlib
import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import msgspec
import psutil
import redis
from confluent_kafka import Consumer, KafkaException, TopicPartition

from eureke.settings import Settings, announce_ready

PERIOD_S = 0.25


class Usage(msgspec.Struct, frozen=True, array_like=True):
    """What a process has used: CPU seconds since its start, resident memory, its start."""

    cpu_s: float
    rss_bytes: int
    created_s: float


class Sample(msgspec.Struct, frozen=True, omit_defaults=True):
    """One look at everything; `wall_s` shows steps of the clock."""

    t_ns: int
    wall_s: float
    processes: dict[str, Usage]
    queue: int | None = None
    lag: int | None = None
    available_bytes: int = 0
    cores_busy: float = 0.0


class Sampler:
    """Takes samples; whatever does not answer is left out."""

    def __init__(self, settings: Settings, processes: Path) -> None:
        self._processes_file = processes
        self._read_ns = -1
        self._processes: dict[str, psutil.Process] = {}
        lane = settings.lane("bulk")
        self._queue = lane.queue
        self._redis = redis.Redis.from_url(
            settings.redis_queue, socket_timeout=0.5, socket_connect_timeout=0.5
        )
        self._consumer = Consumer(
            {"bootstrap.servers": settings.kafka, "group.id": lane.group, "log_level": 2}
        )
        self._places = [TopicPartition(lane.topic, each) for each in range(settings.partitions)]
        psutil.cpu_percent()

    def sample(self) -> Sample:
        """One look."""
        self._refresh()
        return Sample(
            t_ns=time.monotonic_ns(),
            wall_s=time.time(),
            processes=dict(self._usages()),
            queue=self._queue_length(),
            lag=self._lag(),
            available_bytes=psutil.virtual_memory().available,
            cores_busy=psutil.cpu_percent() / 100 * (psutil.cpu_count() or 1),
        )

    def close(self) -> None:
        """Ends the sampler's connections."""
        self._consumer.close()
        self._redis.close()

    def _refresh(self) -> None:
        try:
            changed_ns = self._processes_file.stat().st_mtime_ns
            if changed_ns == self._read_ns:
                return
            rows = json.loads(self._processes_file.read_bytes())
        except OSError:
            return  # not written yet
        self._read_ns = changed_ns
        self._processes.clear()
        for name, row in rows.items():
            with contextlib.suppress(psutil.NoSuchProcess):
                self._processes[name] = psutil.Process(row["pid"])

    def _usages(self) -> Iterator[tuple[str, Usage]]:
        for name, process in self._processes.items():
            with contextlib.suppress(psutil.Error), process.oneshot():
                times = process.cpu_times()
                yield (
                    name,
                    Usage(
                        times.user + times.system, process.memory_info().rss, process.create_time()
                    ),
                )

    def _queue_length(self) -> int | None:
        try:
            length = self._redis.llen(self._queue)
        except redis.RedisError:
            return None
        return int(length)

    def _lag(self) -> int | None:
        try:
            committed = self._consumer.committed(self._places, timeout=1)
            ends = [self._consumer.get_watermark_offsets(at, timeout=1)[1] for at in self._places]
        except KafkaException:
            return None
        return sum(ends) - sum(max(at.offset, 0) for at in committed)


def read_samples(path: Path) -> list[Sample]:
    """The samples of a file; a last line that is not whole yet is left out."""
    decode = msgspec.json.Decoder(Sample).decode
    return [decode(line) for line in path.read_bytes().split(b"\n")[:-1]]


def main() -> None:
    """Reads the arguments and samples until SIGTERM."""
    parser = argparse.ArgumentParser(prog="eureke.measure.sampler")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--processes", type=Path, required=True)
    given = parser.parse_args()
    stopping: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        stopping.append(number)

    signal.signal(signal.SIGTERM, stop)
    encode = msgspec.json.Encoder().encode
    sampler = Sampler(Settings.of_process(), given.processes)
    with given.out.open("ab") as out:
        announce_ready()
        next_s = time.monotonic()
        while not stopping:
            out.write(encode(sampler.sample()) + b"\n")
            out.flush()
            next_s = max(next_s + PERIOD_S, time.monotonic())
            time.sleep(next_s - time.monotonic() if next_s > time.monotonic() else 0)
    sampler.close()


if __name__ == "__main__":
    main()
