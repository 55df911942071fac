"""A closed loop: `python -m eureke.peers.closed_loop --load FOLDER --lane NAME …`.

So many clients, each of which sends its next notification when the one before has its outcome, and
never before its time. That is how most load generators work: while the system stands still they
send nothing, and so they hardly notice. Beside the times it records when each was meant to be sent.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from confluent_kafka import Producer

from eureke.errors import EurekeError, LoadFailed
from eureke.measure.outcome_reader import outcome_reader
from eureke.notification import Receipt
from eureke.settings import Settings
from eureke.world.load import pieces

POLL_S: Final = 0.002
QUIET_S: Final = 30.0
COLUMNS: Final = ("intended_ns", "sent_ns", "done_ns")


@dataclass(frozen=True, slots=True)
class Due:
    """A notification, and when it is meant to be sent, from the beginning on."""

    id: str
    key: bytes
    value: bytes
    offset_ns: int


class ClosedLoop:
    """Sends the load with so many clients; gives a row of times for each notification."""

    def __init__(self, settings: Settings, lane: str, clients: int) -> None:
        self._topic = settings.lane(lane).topic
        self._free = clients
        self._outcomes = outcome_reader(settings, who="closed loop")
        self._decode = msgspec.json.Decoder(Receipt).decode
        self._producer = Producer({**settings.kafka_client, "acks": "all", "linger.ms": 0})
        self._under_way: dict[str, int] = {}

    def run(self, load: list[Due]) -> np.ndarray:
        """Three columns: when each was meant to be sent, was sent, and had its outcome.

        Raises:
            LoadFailed: for half a minute nothing had its outcome.
        """
        times = np.zeros((len(load), len(COLUMNS)), dtype=np.int64)
        self._outcomes.poll(0)  # the assignment takes effect before anything is sent
        begin_ns = time.monotonic_ns() + 200_000_000
        times[:, 0] = [begin_ns + each.offset_ns for each in load]
        at, heard_ns = 0, time.monotonic_ns()
        while at < len(load) or self._under_way:
            while self._free and at < len(load) and times[at, 0] <= time.monotonic_ns():
                times[at, 1] = self._send(load[at], at)
                at += 1
            for done in self._heard():
                times[done, 2] = heard_ns = time.monotonic_ns()
            if self._under_way and time.monotonic_ns() - heard_ns > QUIET_S * 1e9:
                raise LoadFailed(
                    f"{len(self._under_way)} had no outcome for {QUIET_S:g} s",
                    remedy="see `eureke status`, and the logs of dispatcher and worker",
                )
            heard_ns = heard_ns if self._under_way else time.monotonic_ns()
        self._outcomes.close()
        return times

    def _send(self, due: Due, at: int) -> int:
        self._under_way[due.id] = at
        self._free -= 1
        sent_ns = time.monotonic_ns()
        self._producer.produce(self._topic, due.value, due.key)
        self._producer.poll(0)
        return sent_ns

    def _heard(self) -> Iterator[int]:
        """Those that have their outcome now."""
        message = self._outcomes.poll(POLL_S)
        if message is None or message.error():
            return
        receipt = self._decode(message.value() or b"")
        for item in receipt.delivered:
            at = self._under_way.pop(item.id, None)
            if at is not None:
                self._free += 1
                yield at


def due(folder: Path) -> list[Due]:
    """The notifications of a load that will be delivered, if all goes well."""
    rows = pq.read_table(folder / "load.parquet", columns=["seq", "id", "expected"]).to_pydict()
    known = {
        seq: id_
        for seq, id_, expected in zip(rows["seq"], rows["id"], rows["expected"], strict=True)
        if expected == "delivered"
    }
    return [
        Due(known[seq], key, value, offset_ns)
        for some in pieces(folder)
        for seq, key, value, offset_ns in some
        if seq in known
    ]


def main() -> None:
    """Reads the arguments and sends."""
    parser = argparse.ArgumentParser(prog="eureke.peers.closed_loop")
    parser.add_argument("--load", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--lane", required=True)
    parser.add_argument("--clients", type=int, required=True)
    given = parser.parse_args()
    try:
        loop = ClosedLoop(Settings.of_process(), given.lane, given.clients)
        times = loop.run(due(given.load))
    except EurekeError as error:
        sys.exit(str(error))
    columns = {name: pa.array(times[:, number]) for number, name in enumerate(COLUMNS)}
    pq.write_table(pa.table(columns), given.out)


if __name__ == "__main__":
    main()
