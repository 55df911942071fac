"""The Celery task: one batch to the provider, at most once at a time, and its receipt."""

import os
import socket
import time
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from eureke.notification import Position, Receipt, Setback
from eureke.pipeline.gateway import REJECTED, Answer, Gateway, Refusal
from eureke.pipeline.inbox import Inbox
from eureke.pipeline.offsets import OFFSET_MASK, PARTITION_SHIFT
from eureke.pipeline.receipts import Outcomes
from eureke.pipeline.worker_metrics import Result, WorkerMetrics
from eureke.settings import Settings

AWAY_NS: Final = 500_000_000


class _Keyed(msgspec.Struct, gc=False):
    id: str


_ids = msgspec.json.Decoder(list[_Keyed]).decode


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the dispatcher tells a worker about a batch."""

    batch_id: str
    channel: str
    attempt: int
    polled_ns: int
    queued_ns: int
    places: bytes
    bodies: Sequence[bytes]


class Deliverer:
    """Delivers batches; its clients belong to the process that makes it."""

    def __init__(
        self,
        settings: Settings,
        lane: str,
        *,
        inbox: Inbox,
        gateway: Gateway,
        outcomes: Outcomes,
        metrics: WorkerMetrics,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._lane = lane
        self._inbox = inbox
        self._gateway = gateway
        self._outcomes = outcomes
        self._metrics = metrics
        self._clock = clock
        self._deadline_s = settings.deadline_s
        self._away_until_ns: dict[str, int] = {}
        self._host = socket.gethostname()

    def deliver(self, delivery: Delivery) -> None:
        """Sends the batch to the provider and returns when Kafka has the receipt.

        A batch that was answered already, or that another worker holds, is left alone.
        """
        started_ns = self._clock()
        result: Result = "failed"
        try:
            with self._metrics.at_work():
                result = self._deliver(delivery, started_ns)
        finally:
            self._metrics.ended(result, took_s=(self._clock() - started_ns) / 1e9)

    def _deliver(self, delivery: Delivery, started_ns: int) -> Result:
        if not self._inbox.claim(delivery.batch_id):
            return "inbox_hit"
        answers = self._asked(delivery)
        receipt = Receipt(
            batch_id=delivery.batch_id,
            lane=self._lane,
            channel=delivery.channel,
            host=self._host,
            pid=os.getpid(),
            attempt=delivery.attempt,
            polled_ns=delivery.polled_ns,
            queued_ns=delivery.queued_ns,
            started_ns=started_ns,
            answered_ns=self._clock(),
            **_refused(answers),
        )
        if not receipt.refused:
            _sort(delivery, answers, receipt)
        self._outcomes.receipt_acknowledged(receipt, timeout_s=self._deadline_s)
        self._metrics.answered(receipt, count=len(array("q", delivery.places)))
        self._inbox.answer(delivery.batch_id)
        return "answered"

    def _asked(self, delivery: Delivery) -> Sequence[Answer | Refusal]:
        """The provider's answers; one that was away a moment ago is not asked again.

        Else a provider that hangs would hold every thread until its deadline, batch after batch.
        """
        if self._clock() < self._away_until_ns.get(delivery.channel, 0):
            self._metrics.failed("not_asked", requests=len(delivery.bodies))
            return [Refusal("its provider was away a moment ago")] * len(delivery.bodies)
        answers = self._gateway.post(delivery.channel, delivery.bodies)
        if _refused(answers):
            self._away_until_ns[delivery.channel] = self._clock() + AWAY_NS
        return answers


def _refused(answers: Sequence[Answer | Refusal]) -> dict[str, Any]:
    """What a receipt says of a batch whose provider was away for each of its requests."""
    refusals = [answer for answer in answers if isinstance(answer, Refusal) and answer.away]
    if len(refusals) < len(answers):
        return {}
    wait_ms = max(refusal.retry_after_ms for refusal in refusals)
    return {"refused": refusals[0].reason, "retry_after_ms": wait_ms}


def _sort(delivery: Delivery, answers: Sequence[Answer | Refusal], receipt: Receipt) -> None:
    """Puts each item of the batch into the receipt, by what the provider said of it."""
    places = array("q", delivery.places)
    start = 0
    for body, answer in zip(delivery.bodies, answers, strict=True):
        positions = [
            Position(packed >> PARTITION_SHIFT, packed & OFFSET_MASK, keyed.id)
            for packed, keyed in zip(places[start:], _ids(body), strict=False)
        ]
        start += len(positions)
        if isinstance(answer, Refusal):
            receipt.retry.extend(
                Setback(at.partition, at.offset, at.id, answer.reason, answer.retry_after_ms)
                for at in positions
            )
            continue
        failed = {failure.index for failure in answer.failed}
        for failure in answer.failed:
            at = positions[failure.index]
            setback = Setback(
                at.partition, at.offset, at.id, failure.reason, failure.retry_after_ms
            )
            (receipt.rejected if failure.status == REJECTED else receipt.retry).append(setback)
        receipt.delivered.extend(
            at for index, at in enumerate(positions) if index not in failed
        ) if failed else receipt.delivered.extend(positions)
