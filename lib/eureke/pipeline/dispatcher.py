"""The process of a dispatcher: `python -m eureke.pipeline.dispatcher --lane bulk`.

One thread turns in a loop: read the lane, judge, send batches, read receipts, settle, commit.
An offset is committed when every notification before it has an outcome.
"""

import argparse
import gc
import logging
import random
import signal
import socket
import sys
import time
from collections.abc import Callable
from types import FrameType

from celery import Celery

from eureke import exposed
from eureke.errors import EurekeError
from eureke.notification import Unfinished
from eureke.pipeline.app import celery_app
from eureke.pipeline.batch import Batch, batch_ids
from eureke.pipeline.channels import Channels
from eureke.pipeline.directory import Directory
from eureke.pipeline.dispatcher_metrics import DispatcherMetrics
from eureke.pipeline.flight import InFlight, Item, grouped
from eureke.pipeline.intake import Intake
from eureke.pipeline.log import LaneReader, ReceiptReader
from eureke.pipeline.offsets import Unsettled, split
from eureke.pipeline.outbox import Outbox
from eureke.pipeline.preferences import PreferenceCache, PreferenceReader
from eureke.pipeline.receipts import Outcomes
from eureke.pipeline.records import before
from eureke.pipeline.tasks import Tasks
from eureke.settings import Settings, announce_ready

log = logging.getLogger("dispatcher")
IDLE_WAIT_S = 0.02
GATHER_WAIT_S = 0.005
"""While a batch waits for the one before it, records of other channels wait so long at most."""
TICK_NS = 20_000_000
RETRY_NS = 200_000_000
"""Items are tried again together: a task for each few would cost more than they wait."""
COMMIT_NS = 500_000_000
SPARE_NS = 1_000_000_000
"""A member that was given nothing for so long, two heartbeats of the others, is one more than
there are partitions."""


class Dispatcher:
    """Reads a lane, hands batches to Celery, and waits for the outcome of each."""

    def __init__(
        self,
        settings: Settings,
        lane_name: str,
        *,
        name: str,
        celery: Celery,
        outcomes: Outcomes,
        preferences: PreferenceReader,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._settings = settings
        self._lane = settings.lane(lane_name)
        self._gathers = False
        self._tasks = Tasks(settings, self._lane, celery, clock=clock)
        self._clock = clock
        chance = random.Random()
        self._unsettled = Unsettled()
        self._ids = batch_ids()
        self._intake = Intake(
            lane_name,
            window_size=settings.duplicate_window,
            batch_max=settings.batch_max,
            ids=self._ids,
            preferences=preferences,
            clock=clock,
            urgent_apart=settings.celery_priorities,
            gather_ms=settings.gather_ms,
        )
        self._flight = InFlight(
            most=settings.in_flight_max,
            overdue_s=settings.overdue_s,
            retry_horizon_s=settings.retry_horizon_s,
            clock=clock,
            chance=chance,
        )
        self._channels = Channels(batch_max=settings.batch_max, clock=clock, chance=chance)
        self._metrics = DispatcherMetrics(lane_name, flight=self._flight, channels=self._channels)
        self._outbox = Outbox(
            lane_name,
            outcomes=outcomes,
            unsettled=self._unsettled,
            ids=self._ids,
            settled=self._metrics.settled,
        )
        self._owned: set[int] = set()
        self._given_nothing_ns: int | None = None
        self._next_tick_ns = 0
        self._next_retry_ns = 0
        self._next_commit_ns = 0
        self._receipts = ReceiptReader(settings, lane_name)
        self._reader = LaneReader(
            settings,
            self._lane,
            name=name,
            gained=self._gained,
            revoked=self._revoked,
            lost=self._lost,
        )

    def turn(self) -> None:
        """One round of the loop."""
        if self._flight.full or self._outbox.full or self._channels.full:
            self._reader.hold_back()
            self._settle(timeout_s=IDLE_WAIT_S)
        else:
            self._dispatch(timeout_s=0 if self._gathers else IDLE_WAIT_S)
            self._settle(timeout_s=GATHER_WAIT_S if self._gathers else 0)
        now_ns = self._clock()
        if now_ns >= self._next_tick_ns:
            self._next_tick_ns = now_ns + TICK_NS
            self._tick(now_ns)

    def close(self) -> None:
        """Commits what is settled and leaves the group; what is in flight is read again."""
        self._commit(wait=True)
        self._reader.close()
        self._receipts.close()

    @property
    def assigned(self) -> bool:
        """Whether the group has given this member partitions, or has none left for it."""
        since_ns = self._given_nothing_ns
        spare = since_ns is not None and self._clock() - since_ns > SPARE_NS
        return bool(self._owned) or spare

    def _dispatch(self, *, timeout_s: float) -> None:
        messages = self._reader.poll(timeout_s=timeout_s)
        self._metrics.read(messages)
        full, judged = self._intake.take(messages, self._unsettled)
        self._outbox.not_sent(judged, polled_ns=self._clock())
        for batch in full:  # first: they make their channels busy for those that are small
            self._pass_on(batch)
        backlog = len(messages) >= self._settings.batch_direct
        for batch in self._intake.leaving(self._flight.has, backlog=backlog):
            self._pass_on(batch)
        self._gathers = not backlog and bool(self._intake.growing())

    def _pass_on(self, batch: Batch) -> None:
        """Sends a batch, unless its channel is paused."""
        if self._channels.waits(batch.channel):
            self._park(batch)
        else:
            self._send(batch)

    def _park(self, batch: Batch) -> None:
        parked = self._channels.park(batch)
        self._unsettled.hold(parked.id, parked.first())

    def _send(self, batch: Batch) -> None:
        self._unsettled.hold(batch.id, batch.first())
        self._metrics.sent(again=batch.sent_ns > 0)
        queued = self._tasks.put(batch)
        if queued and self._settings.commit == "enqueue":
            self._unsettled.release(batch.id)
        else:
            self._flight.sent(batch, queued=queued)

    def _settle(self, *, timeout_s: float) -> None:
        for receipt in self._receipts.poll(timeout_s=timeout_s):
            batch = self._flight.take(receipt.batch_id)
            if batch is not None:
                self._heard(batch, receipt)
                self._unsettled.release(receipt.batch_id)

    def _heard(self, batch: Batch, receipt: Unfinished) -> None:
        """Does what the receipt of a batch leaves to be done."""
        if not receipt.refused:
            self._channels.answered(batch)
        elif self._channels.refused(batch, receipt.refused, wait_ms=receipt.retry_after_ms):
            # A new id, since the inbox takes the old one for answered.
            self._park(batch.renamed(next(self._ids)))
            return
        self._metrics.heard(batch, receipt, now_ns=self._clock())
        settled = self._flight.settle(batch, receipt)
        for item in settled.waiting:
            self._hold(item)
        for item in settled.dead:
            self._outbox.bury(item.letter(self._lane.name, last_ns=self._clock()))

    def _hold(self, item: Item) -> None:
        partition, offset = split(item.place)
        self._unsettled.hold(item.place, {partition: offset})

    def _tick(self, now_ns: int) -> None:
        self._outbox.drain()
        for batch in self._flight.overdue():
            log.warning("no receipt for batch %s, sent again", batch.id)
            self._send(batch)
        if now_ns >= self._next_retry_ns:
            self._next_retry_ns = now_ns + RETRY_NS
            self._try_again()
        for batch in self._channels.ready(self._flight.room):
            self._send(batch)
        if now_ns >= self._next_commit_ns:
            self._next_commit_ns = now_ns + COMMIT_NS
            self._commit()

    def _try_again(self) -> None:
        """Passes on the items whose wait is over."""
        due = self._flight.due()
        for items in grouped(due, most=self._settings.batch_max):
            batch = self._intake.new_batch(items[0].channel, polled_ns=self._clock())
            for item in items:
                batch.add(item.value, item.id, item.place)
                batch.tries[item.place] = item.tried
            self._pass_on(batch)
        for item in due:  # their batches hold them now
            self._unsettled.release(item.place)

    def _commit(self, *, wait: bool = False) -> None:
        growing = [batch.first() for batch in self._intake.growing()]
        offsets = self._unsettled.committable(growing)
        moved = self._reader.commit(
            {partition: offsets[partition] for partition in self._owned if partition in offsets},
            wait=wait,
        )
        if moved:
            self._metrics.progressed()

    def _gained(self, offsets: dict[int, int]) -> None:
        """Rebuilds what is remembered of new partitions, duplicates and caps, from the log."""
        for partition, offset in offsets.items():
            self._unsettled.read_up_to(partition, offset)
        self._intake.open(offsets)
        records = self._settings.duplicate_window
        for some in before(self._settings, self._lane.topic, offsets, records=records):
            self._intake.remember(some)
        self._owned |= offsets.keys()
        self._metrics.progressed()
        self._given_nothing_ns = None if self._owned else self._clock()

    def _revoked(self, partitions: set[int]) -> None:
        self._commit(wait=True)
        self._lost(partitions)

    def _lost(self, partitions: set[int]) -> None:
        """Lets go of partitions: their next owner reads again what is not committed."""
        self._owned -= partitions
        self._intake.forget(partitions)
        self._unsettled.forget(partitions)
        for item in self._flight.abandon(partitions):
            self._unsettled.release(item.place)
        for batch, rest in self._channels.abandon(partitions):
            self._unsettled.release(batch.id)
            if rest is not None:
                self._unsettled.hold(rest.id, rest.first())


def serve(settings: Settings, lane_name: str, *, name: str) -> None:
    """Turns until SIGTERM or SIGINT."""
    stopping: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        stopping.append(number)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    celery = celery_app(settings, settings.lane(lane_name))
    exposed.serve()
    with Outcomes(settings) as outcomes:
        dispatcher = Dispatcher(
            settings,
            lane_name,
            name=name,
            celery=celery,
            outcomes=outcomes,
            preferences=PreferenceReader(Directory(settings.users_url), PreferenceCache(settings)),
        )
        # Nothing here makes reference cycles, and the collector costs a third of the time.
        gc.disable()
        ready = False
        while not stopping:
            dispatcher.turn()
            if not ready and dispatcher.assigned:
                ready = True
                announce_ready()
        dispatcher.close()


def main() -> None:
    """Reads the arguments and serves."""
    parser = argparse.ArgumentParser(prog="eureke.pipeline.dispatcher")
    parser.add_argument("--lane", required=True)
    parser.add_argument(
        "--name", default=socket.gethostname(), help="a successor has the same name"
    )
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    try:
        serve(Settings.of_process(), arguments.lane, name=arguments.name)
    except EurekeError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
