"""Outcomes that the dispatcher writes itself: their offsets stay held until Kafka has them."""

import os
import socket
from collections import deque
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass

from eureke.notification import DeadLetter, Position, Receipt, Setback
from eureke.pipeline.intake import Judged
from eureke.pipeline.offsets import Unsettled
from eureke.pipeline.receipts import Done, Outcomes

MOST = 20_000


@dataclass(frozen=True, slots=True)
class _Pending:
    write: Callable[[Done], None]
    outcomes: Mapping[str, int]
    """How many records it settles, by their outcome."""


class Outbox:
    """Receipts and dead letters on their way to Kafka; used by one thread."""

    def __init__(
        self,
        lane: str,
        *,
        outcomes: Outcomes,
        unsettled: Unsettled,
        ids: Iterator[str],
        settled: Callable[[Mapping[str, int]], None],
    ) -> None:
        self._lane = lane
        self._outcomes = outcomes
        self._unsettled = unsettled
        self._ids = ids
        self._settled = settled
        self._host = socket.gethostname()
        self._pending: dict[Hashable, _Pending] = {}
        self._answers: deque[tuple[Hashable, bool]] = deque()

    @property
    def full(self) -> bool:
        """Whether Kafka is behind with the outcomes."""
        return len(self._pending) >= MOST

    def bury(self, letter: DeadLetter) -> None:
        """Writes a dead letter."""
        self._put(
            ("letter", letter.partition, letter.offset),
            {letter.partition: letter.offset},
            _Pending(
                lambda done: self._outcomes.write_dead_letter(letter, done),
                {"malformed" if letter.id is None else "dead_lettered": 1},
            ),
        )

    def not_sent(self, judged: Judged, *, polled_ns: int) -> None:
        """Writes the receipt of what the policy held back in one poll, and each dead letter."""
        for letter in judged.malformed:
            self.bury(letter)
        held_back: list[Position | Setback] = [
            *judged.duplicate,
            *judged.expired,
            *judged.suppressed,
        ]
        if not held_back:
            return
        receipt = Receipt(
            batch_id=next(self._ids),
            lane=self._lane,
            channel="",
            host=self._host,
            pid=os.getpid(),
            polled_ns=polled_ns,
            duplicate=judged.duplicate,
            expired=judged.expired,
            suppressed=judged.suppressed,
        )
        first: dict[int, int] = {}
        for at in held_back:
            first[at.partition] = min(at.offset, first.get(at.partition, at.offset))
        pending = _Pending(
            lambda done: self._outcomes.write_receipt(receipt, done),
            {
                "duplicate": len(judged.duplicate),
                "expired": len(judged.expired),
                "suppressed": len(judged.suppressed),
            },
        )
        self._put(receipt.batch_id, first, pending)

    def drain(self) -> None:
        """Ends the holds of what Kafka has, and writes again what it did not take."""
        while self._answers:
            key, acknowledged = self._answers.popleft()
            if acknowledged:
                self._unsettled.release(key)
                self._settled(self._pending.pop(key).outcomes)
            else:
                self._write(key)

    def _put(self, key: Hashable, first: dict[int, int], pending: _Pending) -> None:
        self._unsettled.hold(key, first)
        self._pending[key] = pending
        self._write(key)

    def _write(self, key: Hashable) -> None:
        # The answer comes in the producer's thread; the deque hands it over to ours.
        self._pending[key].write(lambda acknowledged: self._answers.append((key, acknowledged)))
