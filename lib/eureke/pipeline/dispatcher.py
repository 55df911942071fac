"""The process of a dispatcher: `python -m eureke.pipeline.dispatcher --lane bulk`.

One thread turns in a loop: read the lane, judge, send batches, read receipts, settle, commit.
An offset is committed when every notification before it has an outcome.
"""

import argparse
import gc
import logging
import random
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType

import kombu.exceptions
import redis
from celery import Celery

from eureke.errors import EurekeError
from eureke.notification import DeadLetter
from eureke.pipeline.app import TASK, celery_app
from eureke.pipeline.batch import Batch, batch_ids
from eureke.pipeline.flight import InFlight, Item
from eureke.pipeline.intake import Intake
from eureke.pipeline.log import LaneReader, ReceiptReader, before
from eureke.pipeline.offsets import Unsettled, split
from eureke.pipeline.outbox import Outbox
from eureke.pipeline.preferences import PreferenceCache, PreferenceReader
from eureke.pipeline.receipts import Outcomes
from eureke.pipeline.users import Directory
from eureke.settings import PRIORITY_BULK, PRIORITY_URGENT, Settings, announce_ready

log = logging.getLogger("dispatcher")
IDLE_WAIT_S = 0.02
TICK_NS = 20_000_000
COMMIT_NS = 500_000_000


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
        self._celery = celery
        self._outcomes = outcomes
        self._clock = clock
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
        )
        self._flight = InFlight(
            most=settings.in_flight_max,
            overdue_s=settings.overdue_s,
            retry_horizon_s=settings.retry_horizon_s,
            clock=clock,
            chance=random.Random(),
        )
        self._outbox = Outbox(
            lane_name, outcomes=outcomes, unsettled=self._unsettled, ids=self._ids
        )
        self._owned: set[int] = set()
        self._next_tick_ns = 0
        self._next_commit_ns = 0
        self._receipts = ReceiptReader(settings)
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
        if self._flight.full or self._outbox.full:
            self._reader.hold_back()
            self._settle(timeout_s=IDLE_WAIT_S)
        else:
            self._dispatch()
            self._settle(timeout_s=0)
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
        """Whether the group has given this member partitions."""
        return bool(self._owned)

    def _dispatch(self) -> None:
        messages = self._reader.poll(timeout_s=IDLE_WAIT_S)
        batches, judged = self._intake.take(messages, self._unsettled)
        self._outbox.not_sent(judged, polled_ns=self._clock())
        batches += self._intake.rest(urgent_only=len(messages) >= self._settings.batch_direct)
        for batch in batches:
            self._send(batch)

    def _send(self, batch: Batch) -> None:
        self._unsettled.hold(batch.id, batch.first())
        try:
            self._celery.send_task(
                TASK,
                kwargs={
                    "batch_id": batch.id,
                    "channel": batch.channel,
                    "attempt": batch.sends + 1,
                    "polled_ns": batch.polled_ns,
                    "queued_ns": self._clock(),
                    "places": batch.packed_places(),
                    "bodies": batch.bodies(self._settings.provider_items_per_request),
                },
                queue=self._lane.queue,
                priority=self._priority(batch),
                ignore_result=True,
            )
        except (kombu.exceptions.OperationalError, redis.RedisError, OSError) as error:
            log.warning("Celery's queue did not take batch %s, kept for later: %s", batch.id, error)
            self._flight.sent(batch, queued=False)
            return
        if self._settings.commit == "enqueue":
            self._unsettled.release(batch.id)
            return
        self._flight.sent(batch, queued=True)

    def _priority(self, batch: Batch) -> int:
        """Celery's priority; all have the same where the lanes keep them apart."""
        apart = self._settings.celery_priorities and not batch.urgent
        return PRIORITY_BULK if apart else PRIORITY_URGENT

    def _settle(self, *, timeout_s: float) -> None:
        for receipt in self._receipts.poll(timeout_s=timeout_s):
            settled = self._flight.settle(receipt)
            if settled is None:
                continue
            for item in settled.waiting:
                self._hold(item)
            for item in settled.dead:
                self._bury(item)
            self._unsettled.release(receipt.batch_id)

    def _hold(self, item: Item) -> None:
        partition, offset = split(item.place)
        self._unsettled.hold(item.place, {partition: offset})

    def _bury(self, item: Item) -> None:
        partition, offset = split(item.place)
        self._outbox.bury(
            DeadLetter(
                lane=self._lane.name,
                partition=partition,
                offset=offset,
                id=item.id,
                reason=item.reason,
                value=item.value,
                attempts=item.tried.attempts,
                first_ns=item.tried.first_ns,
                last_ns=self._clock(),
            )
        )

    def _tick(self, now_ns: int) -> None:
        self._outbox.drain()
        for batch in self._flight.overdue():
            log.warning("no receipt for batch %s, sent again", batch.id)
            self._send(batch)
        self._try_again()
        if now_ns >= self._next_commit_ns:
            self._next_commit_ns = now_ns + COMMIT_NS
            self._commit()

    def _try_again(self) -> None:
        """Sends the items whose wait is over, a batch for each channel."""
        batches: dict[str, Batch] = {}
        for item in self._flight.due():
            batch = batches.get(item.channel)
            if batch is None or len(batch) == self._settings.batch_max:
                if batch is not None:
                    self._send(batch)
                batch = self._intake.new_batch(item.channel, polled_ns=self._clock())
                batches[item.channel] = batch
            batch.add(item.value, item.id, item.place)
            batch.tries[item.place] = item.tried
        for batch in batches.values():
            self._send(batch)
            for packed in batch.places:
                self._unsettled.release(packed)

    def _commit(self, *, wait: bool = False) -> None:
        growing = [batch.first() for batch in self._intake.growing()]
        offsets = self._unsettled.committable(growing)
        self._reader.commit(
            {partition: offsets[partition] for partition in self._owned if partition in offsets},
            wait=wait,
        )

    def _gained(self, offsets: dict[int, int]) -> None:
        """Rebuilds what is remembered of new partitions, duplicates and caps, from the log."""
        for partition, offset in offsets.items():
            self._unsettled.read_up_to(partition, offset)
        self._intake.open(offsets)
        records = self._settings.duplicate_window
        for some in before(self._settings, self._lane.topic, offsets, records=records):
            self._intake.remember(some)
        self._owned |= offsets.keys()

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


def serve(settings: Settings, lane_name: str, *, name: str) -> None:
    """Turns until SIGTERM or SIGINT."""
    stopping: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        stopping.append(number)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    celery = celery_app(settings, settings.lane(lane_name))
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
    parser.add_argument("--name", required=True, help="a successor has the same name")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    try:
        serve(Settings.of_process(), arguments.lane, name=arguments.name)
    except EurekeError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
