"""The sampler: `python -m eureke.measure.sampler --out FILE --processes FILE`.

Four times a second: CPU seconds and memory of each process of the stack, the length of Celery's
queues, the lag of the dispatchers' groups, all lanes together. What is away is left out.
"""

import argparse
import contextlib
import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import BinaryIO

import msgspec
import psutil
import redis
from confluent_kafka import KafkaException

from eureke.errors import EurekeError
from eureke.measure.lags import Lags
from eureke.measure.queues import Queues
from eureke.settings import Settings, announce_ready

PERIOD_S = 0.25
FAMILIES = ("nginx",)
"""Those whose children do the work."""


class Usage(msgspec.Struct, frozen=True, array_like=True):
    """What a process has used: CPU seconds since its start, resident memory, its start.

    The start is the one its supervisor noted, which a step of the clock does not move; with it a
    process is told from its successor of the same name.
    """

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
    disk_free_bytes: int = 0
    cores_busy: float = 0.0


class Sampler:
    """Takes samples; whatever does not answer is left out."""

    def __init__(
        self,
        settings: Settings,
        processes: Path,
        *,
        clock: Callable[[], int] = time.monotonic_ns,
        wall_clock: Callable[[], float] = time.time,
        timeout_s: float = 1.0,
    ) -> None:
        self._clock, self._wall_clock = clock, wall_clock
        self._processes_file = processes
        self._read_ns = -1
        self._processes: dict[str, tuple[psutil.Process, float]] = {}
        self._queues = Queues(settings, timeout_s=timeout_s)
        self._lags = Lags(settings, timeout_s=timeout_s)
        psutil.cpu_percent()

    def sample(self) -> Sample:
        """One look."""
        self._refresh()
        return Sample(
            t_ns=self._clock(),
            wall_s=self._wall_clock(),
            processes=dict(self._usages()),
            queue=self._queue_length(),
            lag=self._lag(),
            available_bytes=psutil.virtual_memory().available,
            disk_free_bytes=psutil.disk_usage(str(self._processes_file.parent)).free,
            cores_busy=psutil.cpu_percent() / 100 * (psutil.cpu_count() or 1),
        )

    def close(self) -> None:
        """Ends the sampler's connections."""
        self._lags.close()
        self._queues.close()

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
                self._processes[name] = psutil.Process(row["pid"]), row["create_time"]

    def _usages(self) -> Iterator[tuple[str, Usage]]:
        for name, (process, created_s) in self._processes.items():
            with contextlib.suppress(psutil.Error):
                used = [_used(process, ended=name in FAMILIES)]
                for child in process.children() if name in FAMILIES else ():
                    with contextlib.suppress(psutil.NoSuchProcess):
                        used.append(_used(child))
                cpu_s, rss_bytes = (sum(each) for each in zip(*used, strict=True))
                yield name, Usage(cpu_s, int(rss_bytes), created_s)

    def _queue_length(self) -> int | None:
        try:
            return sum(each.waiting for each in self._queues.look())
        except redis.RedisError:
            return None

    def _lag(self) -> int | None:
        try:
            return sum(each.records for each in self._lags.lags(self._lags.ends()))
        except KafkaException:
            return None


def _used(process: psutil.Process, *, ended: bool = False) -> tuple[float, int]:
    """CPU seconds, with those of its children that have `ended` if asked for, and memory."""
    with process.oneshot():
        times = process.cpu_times()
        of_children_s = times.children_user + times.children_system if ended else 0.0
        return times.user + times.system + of_children_s, process.memory_info().rss


def read_samples(path: Path, *, begin_ns: int = 0) -> list[Sample]:
    """The samples of a file from the last one before `begin_ns` on.

    A last line that is not whole yet is left out. A stack may be up for days: what lies before
    is not read.
    """
    decode = msgspec.json.Decoder(Sample).decode
    with path.open("rb") as file:
        file.seek(_begin(file, begin_ns))
        return [decode(line) for line in file.read().split(b"\n")[:-1]]


class _Time(msgspec.Struct):
    t_ns: int


def _begin(file: BinaryIO, begin_ns: int) -> int:
    """Where the last line before that time begins, found by halving; 0 where there is none."""
    decode = msgspec.json.Decoder(_Time).decode
    low, high = 0, file.seek(0, 2)
    while low < high:
        middle = (low + high) // 2
        file.seek(middle)
        file.readline()  # the rest of a line that began before
        line = file.readline()
        if line.endswith(b"\n") and decode(line).t_ns <= begin_ns:
            low = middle + 1
        else:
            high = middle
    return low


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
    try:
        sampler = Sampler(Settings.of_process(), given.processes)
    except EurekeError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    encode = msgspec.json.Encoder().encode
    with given.out.open("ab") as out:
        announce_ready()
        next_s = time.monotonic()
        while not stopping:
            out.write(encode(sampler.sample()) + b"\n")
            out.flush()
            next_s = max(next_s + PERIOD_S, time.monotonic())
            time.sleep(max(0.0, next_s - time.monotonic()))
    sampler.close()


if __name__ == "__main__":
    main()
