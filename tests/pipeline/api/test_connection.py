"""Slow clients: the others are answered meanwhile, and who takes too long is cut off."""

import contextlib
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.pipeline.api.conftest import TOKENS, Client, served, without_a_stack
from tests.waiting import wait_until
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from eureke.pipeline.entrance import ANSWER_S

TIMEOUT_S = 1.0
HEAD = (
    b"POST /users HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Authorization: Bearer " + TOKENS["write"].encode() + b"\r\n"
)
HELLO = {"user_id": 1, "channel": "email", "template": "t"}
HALF_A_BODY = HEAD + b'Content-Length: 1000\r\n\r\n{"username": "'
BEGINNINGS = {
    "nothing": (b"", b"\r\n"),
    "an empty line": (b"\r\n", b"\r\n"),
    "half a line": (b"GET /hea", b"x"),
    "half a head": (HEAD, b"x"),
    "half a body": (HALF_A_BODY, b"x"),
    "half a chunk": (HEAD + b'Transfer-Encoding: chunked\r\n\r\n3e8\r\n{"username": "', b"x"),
    "half a second request": (b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\nGET /hea", b"x"),
    "half a body behind another request": (
        HEAD + b"Content-Length: 2\r\n\r\n{}" + HALF_A_BODY,
        b"x",
    ),
    "a body after its answer": (
        HEAD.replace(b"Bearer", b"Guess") + b"Content-Length: 1000\r\n\r\n{",
        b"x",
    ),
}
"""With what is still to come, bit by bit, from those who are not silent."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that waits a second for a request."""
    folder = tmp_path_factory.mktemp("connections")
    yield from served(without_a_stack(folder, api_request_timeout_s=TIMEOUT_S), folder)


@dataclass(slots=True)
class Slow:
    """A client that has sent the beginning of a request."""

    reached: socket.socket
    heard: bytes = b""
    cut: bool = False

    def drip(self, more: bytes) -> None:
        """Sends that, and hears what there is."""
        try:
            self.reached.sendall(more)
            while heard := self.reached.recv(4096):
                self.heard += heard
        except BlockingIOError:
            return
        except OSError:  # reset, since it was still being talked to
            self.cut = True
        else:
            self.cut = True


@contextlib.contextmanager
def slow(base: str, beginning: bytes, *, count: int) -> Iterator[list[Slow]]:
    """So many clients that have begun like this."""
    host, _, port = base.removeprefix("http://").partition(":")
    with contextlib.ExitStack() as closing:
        found = []
        for _ in range(count):
            reached = socket.create_connection((host, int(port)), timeout=10)
            found.append(Slow(closing.enter_context(reached)))
            reached.sendall(beginning)
            reached.setblocking(False)
        yield found


def test_who_takes_too_long_is_cut_off(base: str) -> None:
    """Whatever is missing, and whether bytes still come or not; 408 says why."""
    with contextlib.ExitStack() as closing:
        clients = {
            (name, dripping): closing.enter_context(slow(base, beginning, count=1))[0]
            for name, (beginning, _) in BEGINNINGS.items()
            for dripping in (False, True)
        }

        def all_cut() -> bool:
            for (name, dripping), client in clients.items():
                if not client.cut:
                    client.drip(BEGINNINGS[name][1] if dripping else b"")
            return all(client.cut for client in clients.values())

        wait_until(all_cut, within_s=8 * TIMEOUT_S, what="the server's patience to end")
    for (name, dripping), client in clients.items():
        assert b"HTTP/1.1 400" not in client.heard, name
        if not dripping:  # else the connection may be reset before it is read
            assert b"HTTP/1.1 408" in client.heard, name


def test_two_hundred_idle_ones_are_in_nobodys_way(base: str) -> None:
    """All others are answered while they are there, and all of them are cut off."""
    with (
        slow(base, b"", count=200) as idle,
        slow(base, HEAD, count=50) as headless,
        slow(base, HALF_A_BODY, count=50) as bodiless,
        Client(base) as client,
    ):
        clients = [*idle, *headless, *bodiless]
        answers = [client.get(address) for address in ("/health", "/users") for _ in range(10)]
        assert [each.status_code for each in answers] == [200] * 20

        def all_cut() -> bool:
            for each in clients:
                if not each.cut:
                    each.drip(b"")
            return all(each.cut for each in clients)

        wait_until(all_cut, within_s=8 * TIMEOUT_S, what="the end of all of them")
        assert client.get("/users").json()["items"] == []


def test_who_waits_for_an_answer_is_not_cut_off(base: str) -> None:
    """Kafka is away: the server takes its time, longer than it gives to a client."""
    assert ANSWER_S > TIMEOUT_S
    with Client(base) as client:
        answer = client.post("/notifications", json=HELLO)
        assert answer.status_code == 503
        assert client.get("/health").status_code == 200


def socket_of(base: str) -> ClientConnection:
    """A socket without a first message yet."""
    kind = [Subprotocol("graphql-transport-ws")]
    address = f"{base.replace('http', 'ws')}/graphql"
    found: ClientConnection = connect(address, subprotocols=kind, proxy=None)
    return found


def test_a_socket_without_a_first_message(base: str) -> None:
    """Is closed in the same time; one that says too much at once, at once."""
    with socket_of(base) as silent, pytest.raises(ConnectionClosed) as closed:
        silent.recv(timeout=8 * TIMEOUT_S)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4408
    with socket_of(base) as loud:
        loud.send("[" * (2 << 20))
        with pytest.raises(ConnectionClosed) as closed:
            loud.recv(timeout=10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


def test_a_socket_may_be_silent(base: str) -> None:
    """Who follows something says nothing for a long time."""
    first = {"type": "connection_init", "payload": {"Authorization": f"Bearer {TOKENS['read']}"}}
    with socket_of(base) as opened, slow(base, b"", count=1) as (other,):
        opened.send(json.dumps(first))
        assert json.loads(opened.recv(timeout=10)) == {"type": "connection_ack"}

        def outlived() -> bool:
            other.drip(b"")
            return other.cut

        wait_until(outlived, within_s=8 * TIMEOUT_S, what="the end of a silent client")
        opened.send(json.dumps({"type": "ping"}))
        assert json.loads(opened.recv(timeout=10)) == {"type": "pong"}
