"""The canary: `python -m eureke.measure.canary` passes through each lane, again and again.

Whatever else is quiet, its age tells whether a lane is alive: a process that runs and does nothing
is seen by what does not arrive. Canaries are tagged, and no account counts them.
"""

import argparse
import logging
import signal
import sys
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Final

import msgspec
from confluent_kafka import Producer
from prometheus_client import Counter, Gauge

from eureke import exposed
from eureke.errors import EurekeError
from eureke.measure.outcome_reader import outcome_reader
from eureke.notification import CANARY, CANARY_ID, TAG_HEADER, Notification, Receipt
from eureke.settings import Lane, Settings, announce_ready

log = logging.getLogger("canary")
EVERY_S: Final = 8.0
"""Between two canaries in a partition; each costs the whole way, from broker to receipt."""
TURN_S: Final = 0.5
"""Its age is told anew at least as often."""
EXPIRES_S: Final = 600
USER: Final = -1
"""The user of all canaries, who has refused nothing."""
AGE: Final = Gauge(
    "eureke_canary_age_seconds",
    "Since the newest canary that came through was sent, in the partition where that is longest",
    ["lane"],
)
ROUND_TRIP: Final = Gauge(
    "eureke_canary_round_trip_seconds", "From sent to the receipt's time, the last one", ["lane"]
)
CANARIES: Final = Counter("eureke_canaries", "Canaries: sent, and come through", ["lane", "fate"])


class Canary:
    """Sends canaries and looks for their receipts.

    Raises:
        ServiceFailed: Kafka does not say where the receipts end.
    """

    def __init__(self, settings: Settings, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lanes = settings.lanes
        self._encode = msgspec.json.Encoder().encode
        self._decode = msgspec.json.Decoder(Receipt).decode
        self._producer = Producer(
            settings.kafka_client | {"message.timeout.ms": 5000, "linger.ms": 0, "log_level": 2}
        )
        self._consumer = outcome_reader(settings, who="canary", at_once=False)
        begin_s = clock()
        self._sent_s: dict[str, tuple[float, float]] = {}
        self._newest_s = {
            (lane.name, partition): begin_s
            for lane in self._lanes
            for partition in range(lane.partitions)
        }
        self._due = _rounds(self._lanes, begin_s)
        self._next = next(self._due)

    def turn(self, *, timeout_s: float) -> None:
        """Sends what is due, reads what is there, and says how old the newest are."""
        while self._next[0] <= self._clock():
            _, lane, partition = self._next
            self._send(lane, partition)
            self._next = next(self._due)
        self._look(timeout_s)
        for lane in self._lanes:
            oldest_s = min(self._newest_s[lane.name, at] for at in range(lane.partitions))
            AGE.labels(lane.name).set(self._clock() - oldest_s)

    def close(self) -> None:
        """Ends its connections."""
        self._producer.flush(5)
        self._consumer.close()

    def _send(self, lane: Lane, partition: int) -> None:
        now_ns = time.time_ns()
        canary = Notification(
            id=f"{CANARY_ID}{lane.name}-{partition}-{now_ns}",
            user_id=USER,
            channel="push",
            priority="urgent",
            template="canary",
            data={},
            created_ns=now_ns,
            expires_ns=now_ns + EXPIRES_S * 1_000_000_000,
        )
        try:
            self._producer.produce(
                lane.topic,
                self._encode(canary),
                key=str(USER),
                partition=partition,
                headers=[(TAG_HEADER, CANARY)],
            )
        except BufferError:
            return  # Kafka is away: the age says so
        self._producer.poll(0)
        self._sent_s[canary.id] = self._clock(), now_ns / 1e9
        CANARIES.labels(lane.name, "sent").inc()

    def _look(self, timeout_s: float) -> None:
        message = self._consumer.poll(timeout_s)
        if message is None:
            return
        for each in [message, *self._consumer.consume(1000, 0)]:
            value = each.value() or b""
            # A receipt has thousands of ids: most are not even decoded.
            if not each.error() and CANARY_ID.encode() in value:
                self._seen(self._decode(value), each.timestamp()[1] / 1000)

    def _seen(self, receipt: Receipt, written_s: float) -> None:
        """Notes a receipt, and when it was written, in Unix time: it is read some time later."""
        for at in receipt.delivered:
            if at.id not in self._sent_s:
                continue
            sent_s, began_s = self._sent_s.pop(at.id)
            place = receipt.lane, at.partition
            self._newest_s[place] = max(self._newest_s[place], sent_s)
            # A clock that is set back meanwhile makes it nothing, and never less.
            ROUND_TRIP.labels(receipt.lane).set(max(0.0, written_s - began_s))
            CANARIES.labels(receipt.lane, "through").inc()


def _rounds(lanes: tuple[Lane, ...], begin_s: float) -> Iterator[tuple[float, Lane, int]]:
    """When a canary is due, and where: each partition in its turn."""
    places = [(lane, at) for lane in lanes for at in range(lane.partitions)]
    due_s = begin_s
    while True:
        for lane, partition in places:
            yield due_s, lane, partition
            due_s += EVERY_S / len(places)


def main() -> None:
    """Turns until SIGTERM."""
    argparse.ArgumentParser(prog="eureke.measure.canary").parse_args()
    stopping: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        stopping.append(number)

    signal.signal(signal.SIGTERM, stop)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    try:
        exposed.serve()
        canary = Canary(Settings.of_process())
    except EurekeError as error:
        sys.exit(str(error))
    announce_ready()
    while not stopping:
        canary.turn(timeout_s=TURN_S)
    canary.close()


if __name__ == "__main__":
    main()
