"""Delivering a batch: what the receipt says of it."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import cast

import pytest
from tests.clock import Clock

from eureke.notification import Receipt
from eureke.pipeline.batch import batch_ids
from eureke.pipeline.deliver import AWAY_NS, Deliverer, Delivery
from eureke.pipeline.gateway import Gateway
from eureke.pipeline.inbox import Inbox
from eureke.pipeline.receipts import Outcomes
from eureke.pipeline.worker_metrics import WorkerMetrics
from eureke.stack.stack import Stack


@dataclass
class Kept:
    """Receipts, kept instead of written."""

    receipts: list[Receipt] = field(default_factory=list)

    def receipt_acknowledged(self, receipt: Receipt, *, timeout_s: float) -> None:
        assert timeout_s > 0
        self.receipts.append(receipt)


@dataclass
class Silent:
    """A provider that takes every connection and never answers."""

    url: str
    asked: int = 0


@pytest.fixture
def silent() -> Iterator[Silent]:
    """One, on loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        provider = Silent(f"http://127.0.0.1:{listener.getsockname()[1]}")
        held: list[socket.socket] = []

        def take() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return  # the listener was closed: the test is over
                provider.asked += 1
                held.append(connection)

        threading.Thread(target=take, daemon=True).start()
        yield provider
        listener.shutdown(socket.SHUT_RDWR)
        for connection in held:
            connection.close()


def test_a_provider_that_hangs_is_asked_once_and_not_by_every_batch(
    stack: Stack, silent: Silent
) -> None:
    """The others come back at once, refused as a whole; other channels are asked as ever."""
    clock, kept, ids = Clock(0), Kept(), batch_ids()
    settings = replace(stack.settings, provider_url=silent.url, deadline_s=0.3)
    metrics = WorkerMetrics("bulk")
    with Gateway(silent.url, deadline_s=0.3, metrics=metrics) as gateway:
        deliverer = Deliverer(
            settings,
            "bulk",
            inbox=Inbox(settings),
            gateway=gateway,
            outcomes=cast("Outcomes", kept),
            metrics=metrics,
            clock=clock,
        )

        def deliver(channel: str) -> Receipt:
            places = (0).to_bytes(8, "little")
            deliverer.deliver(Delivery(next(ids), channel, 1, 0, 0, places, [b'[{"id":"x"}]']))
            return kept.receipts[-1]

        assert deliver("sms").refused == "deadline passed"
        assert deliver("sms").refused == "its provider was away a moment ago"
        assert silent.asked == 1
        assert deliver("push").refused == "deadline passed"
        clock.now_ns += AWAY_NS
        assert deliver("sms").refused == "deadline passed"
        assert silent.asked == 3
    assert all(not each.retry for each in kept.receipts), "refused as a whole: no item is listed"
