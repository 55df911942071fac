"""Writing receipts and dead letters, with Kafka's acknowledgement in hand."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

import msgspec
from confluent_kafka import KafkaError, Message, Producer

from eureke.errors import EurekeError
from eureke.notification import DeadLetter, Receipt
from eureke.settings import Settings

Done = Callable[[bool], None]


def configuration(settings: Settings) -> dict[str, Any]:
    """How receipts and dead letters are written."""
    return {
        **settings.kafka_client,
        "acks": "all",
        "enable.idempotence": True,
        "compression.type": "lz4",
        "linger.ms": 0,
        "message.max.bytes": 4_000_000,
        "message.timeout.ms": 30_000,
    }


class Outcomes:
    """A producer of receipts and dead letters that calls back with what Kafka answered."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._encode = msgspec.json.Encoder().encode
        self._producer = Producer(configuration(settings))
        self._ending = threading.Event()
        self._poller = threading.Thread(target=self._poll, name="outcomes", daemon=True)
        self._poller.start()

    def __enter__(self) -> "Outcomes":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._producer.flush(5)
        self._ending.set()
        self._poller.join()

    def write_receipt(self, receipt: Receipt, done: Done) -> None:
        """Sends a receipt; `done(True)` is called, by another thread, once Kafka has it."""
        partition = self._settings.receipt_partition(receipt.lane)
        self._write(self._settings.receipts, partition, self._encode(receipt), done)

    def write_dead_letter(self, letter: DeadLetter, done: Done) -> None:
        """Sends a dead letter; `done(True)` is called, by another thread, once Kafka has it."""
        self._write(self._settings.dead_letters, 0, self._encode(letter), done)

    def receipt_acknowledged(self, receipt: Receipt, *, timeout_s: float) -> None:
        """Returns when Kafka has the receipt.

        Raises:
            EurekeError: Kafka refused it, or did not answer in time.
        """
        answered = threading.Event()
        results: list[bool] = []

        def done(acknowledged: bool) -> None:
            results.append(acknowledged)
            answered.set()

        self.write_receipt(receipt, done)
        if not answered.wait(timeout_s) or not results[0]:
            raise EurekeError(
                f"Kafka did not take the receipt of batch {receipt.batch_id} in {timeout_s} s",
                remedy="nothing to do: the dispatcher sends the batch again; see Kafka's log",
            )

    def _write(self, topic: str, partition: int, value: bytes, done: Done) -> None:
        def delivered(error: KafkaError | None, _message: Message) -> None:
            done(error is None)

        self._producer.produce(topic, value, partition=partition, on_delivery=delivered)

    def _poll(self) -> None:
        while not self._ending.is_set():
            self._producer.poll(0.1)
