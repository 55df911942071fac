"""Calls to a provider that misbehaves: a real socket that answers as the test says."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from eureke.pipeline.gateway import Answer, Failure, Gateway, Refusal
from eureke.pipeline.worker_metrics import WorkerMetrics

METRICS = WorkerMetrics("bulk")
Behaviour = Callable[[socket.socket], None]


@contextmanager
def provider(behaviour: Behaviour) -> Iterator[str]:
    """A server on loopback that reads a request's head and then behaves."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return  # the listener was closed: the test is over
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

        def answer(connection: socket.socket) -> None:
            with connection:
                received = b""
                while b"\r\n\r\n" not in received:
                    received += connection.recv(65536)
                behaviour(connection)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


def says(status: str, body: bytes, *headers: str) -> Behaviour:
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers])
    return lambda connection: connection.sendall(head.encode() + b"\r\n\r\n" + body)


def post(behaviour: Behaviour, *, deadline_s: float = 10.0) -> Answer | Refusal:
    with (
        provider(behaviour) as url,
        Gateway(url, deadline_s=deadline_s, metrics=METRICS) as gateway,
    ):
        (answer,) = gateway.post("sms", [b"[]"])
        return answer


def test_an_answer_names_the_items_that_failed() -> None:
    """Only they are listed, by index, with status, reason and the wait they ask for."""
    body = b'{"accepted":2,"failed":[[1,503,"busy",250]]}'
    assert post(says("200 OK", body)) == Answer(2, [Failure(1, 503, "busy", 250)])


def test_retry_after_is_honoured_in_seconds_and_a_date_is_left_to_the_back_off() -> None:
    """Both forms of the header are lawful; only one says how long without a clock."""
    throttled = says("429 Too Many Requests", b"", "Retry-After: 2")
    assert post(throttled) == Refusal("status 429", 2000)
    dated = says("429 Too Many Requests", b"", "Retry-After: Wed, 25 Nov 2026 10:00:00 GMT")
    assert post(dated) == Refusal("status 429", 0)


def test_a_body_that_is_no_answer_is_a_refusal() -> None:
    """Whatever the provider did, we do not know it: the items are tried again."""
    refusal = post(says("200 OK", b"<html>"))
    assert isinstance(refusal, Refusal)


def test_a_reset_connection_is_a_refusal() -> None:
    """The provider closes after reading; nobody knows whether it did the work."""
    refusal = post(lambda connection: connection.close())
    assert isinstance(refusal, Refusal)


def test_an_answer_that_comes_byte_by_byte_ends_at_the_deadline() -> None:
    """The deadline is for the whole call, not for each read, so a drip cannot hold a worker."""
    stop = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while not stop.is_set():
            try:
                connection.sendall(b" ")
            except OSError:
                return  # the client gave up, as it should
            time.sleep(0.01)

    try:
        assert post(drip, deadline_s=0.3) == Refusal("deadline passed")
    finally:
        stop.set()


def test_nobody_listening_is_a_refusal() -> None:
    """A provider that is down is a setback, not an error of ours."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with Gateway(f"http://127.0.0.1:{port}", deadline_s=2, metrics=METRICS) as gateway:
        first, second = gateway.post("push", [b"[]", b"[]"])
    assert isinstance(first, Refusal)
    assert isinstance(second, Refusal)
