"""What hostile clients send: the right 4xx, nothing half done, and the server's memory bounded."""

import base64
import contextlib
import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.pipeline.api.conftest import TOKENS, Client, serving, without_a_stack
from tests.pipeline.api.test_users import is_problem

ADA = {"username": "ada", "email": "ada@example.com"}
HUGE = 2**70
MEBIBYTE = 1 << 20


def cursor(*told: object) -> str:
    """One that this server did not give, in its own form."""
    return base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")


ADDRESSES = {
    "/users?username=%00": 422,
    "/users?username=%ED%A0%80": 200,
    "/users?username=%FF": 200,
    "/users?sort=%00": 422,
    "/users?offset=9223372036854775808": 400,
    f"/users?cursor={cursor('id', HUGE, 1)}": 422,
    f"/users?cursor={cursor('id', 2**31, 1)}": 422,
    f"/users?cursor={cursor('id', 1, HUGE)}": 422,
    f"/users?cursor={cursor('id', -1, -HUGE)}": 422,
    f"/users?sort=username&cursor={cursor('username', chr(0), 1)}": 422,
    f"/users?sort=username&cursor={cursor('username', chr(0xD800), 1)}": 422,
    "/users/%00": 404,
    "/users/2147483648": 404,
    "/users/2147483648/notifications": 404,
    f"/users/{'9' * 5000}": 404,
    "/users/1%2F..%2F..%2Fhealth": 404,
    "/notifications/a%00": 400,
    f"/notifications/{'9' * 101}": 400,
}


@pytest.mark.parametrize(("address", "status"), ADDRESSES.items(), ids=list(ADDRESSES))
def test_an_address_of_the_hostile(client: Client, address: str, status: int) -> None:
    """Each is the client's fault, whichever database would have to look for it."""
    answer = client.get(address)
    assert answer.status_code == status, answer.text
    if status == 200:
        assert answer.json()["items"] == []


BODIES: dict[str, dict[str, Any]] = {
    "a null byte": {"username": "nul\0"},
    "a null byte in the address": {"email": "a@\0"},
    "a null byte in the zone": {"preferences": {"time_zone": "\0"}},
    "a path for a zone": {"preferences": {"time_zone": "../../etc/passwd"}},
    "a cap that no column holds": {"preferences": {"cap": 2**31}},
    "a huge cap": {"preferences": {"cap": HUGE}},
    "a channel a thousand times": {"preferences": {"channels": ["sms"] * 1000}},
    "huge hours": {"preferences": {"quiet": [HUGE, -HUGE]}},
    "half a pair": {"username": "\ud800"},
    "the other half": {"email": "\udc00@example.com"},
}


@pytest.mark.parametrize("said", BODIES.values(), ids=list(BODIES))
def test_a_user_of_the_hostile(client: Client, said: dict[str, Any]) -> None:
    """4xx by each method, and the user stays who it was."""
    eve = client.post("/users", json={"username": "eve", "email": "eve@example.com"}).json()
    at = f"/users/{eve['id']}"
    headers = {"Content-Type": "application/json"}
    for method, address, whole in (
        ("POST", "/users", ADA | said),
        ("PUT", at, ADA | said),
        ("PATCH", at, said),
    ):
        answer = client.request(method, address, data=json.dumps(whole), headers=headers)
        assert answer.status_code in (400, 422)
        is_problem(answer, answer.status_code)
    assert client.get("/users").json()["items"] == [eve]


VALUES = {
    "a null byte": "\0",
    "half a pair": "\ud800",
    "a huge number": str(HUGE),
    "too large by one": str(2**31),
    "a long number": "9" * 5000,
    "another's digits": "\uff11",
    "a cursor with a huge number": cursor("id", HUGE, 1),
    "a cursor with a null byte": cursor("id", chr(0), 1),
}
OPERATIONS = (
    "query ($v: ID!) { user(id: $v) { id } }",
    "query ($v: String!) { users(username: $v) { edges { cursor } } }",
    "query ($v: String!) { users(after: $v) { edges { cursor } } }",
    "query ($v: String!) { users(sort: $v) { edges { cursor } } }",
    'mutation ($v: String!) { createUser(input: {username: "a b", email: $v}) { __typename } }',
    'mutation ($v: ID!) { changeUser(id: $v, input: {email: "a@b.c"}) { __typename } }',
    "mutation ($v: ID!) { removeUser(id: $v) { __typename } }",
    """mutation ($v: ID!)
        { sendNotification(input: {userId: $v, channel: "", template: ""}) { __typename } }""",
    """mutation ($v: String!)
        { sendNotification(input: {userId: 1, channel: $v, template: ""}) { __typename } }""",
)
NEVER = ("our fault", "codec", '"User"', '"Removed"', '"AcceptedNotification"')


@pytest.mark.parametrize("value", VALUES.values(), ids=list(VALUES))
def test_an_operation_of_the_hostile(client: Client, value: str) -> None:
    """An answer, or an error that says what is wrong and is not ours; nothing is changed."""
    eve = client.post("/users", json={"username": "eve", "email": "eve@example.com"}).json()
    headers = {"Content-Type": "application/json", "Accept": "application/graphql-response+json"}
    for operation in OPERATIONS:
        body = json.dumps({"query": operation, "variables": {"v": value}})
        answer = client.post("/graphql", data=body, headers=headers)
        assert answer.status_code == (400 if value == "\ud800" else 200), answer.text
        assert not [never for never in NEVER if never in answer.text], answer.text
    assert client.get("/users").json()["items"] == [eve]


@pytest.fixture(scope="module")
def watched(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[http.client.HTTPConnection, psutil.Process]]:
    """A connection to a server, and its process."""
    folder: Path = tmp_path_factory.mktemp("watched")
    with serving(without_a_stack(folder), folder) as (base, process):
        host = base.removeprefix("http://")
        with contextlib.closing(http.client.HTTPConnection(host, timeout=20)) as connection:
            yield connection, psutil.Process(process.pid)


class Flood:
    """A body without an end in sight; notes how much the server holds while it is sent."""

    def __init__(self, server: psutil.Process, *, mebibytes: int) -> None:
        self.held: list[int] = []
        self._server = server
        self._mebibytes = mebibytes

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(self._mebibytes):
            self.held.append(self._server.memory_info().rss)
            yield b" " * MEBIBYTE
        self.held.append(self._server.memory_info().rss)


ROUTES = {"/users": 16, "/graphql": 16, "/notifications": 128}
"""With the mebibytes that the server may hold more than before; a load may have 32 of them."""


@pytest.mark.parametrize("length", [True, False], ids=["with its length", "in chunks"])
@pytest.mark.parametrize("token", [TOKENS["write"], "guess"], ids=["known", "stranger"])
@pytest.mark.parametrize("route", ROUTES)
def test_a_hundred_mebibytes(
    watched: tuple[http.client.HTTPConnection, psutil.Process],
    route: str,
    token: str,
    length: bool,
) -> None:
    """413, or 401 to a stranger, and never held in memory; the connection goes on."""
    connection, server = watched
    flood = Flood(server, mebibytes=100)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    if length:
        headers["Content-Length"] = str(100 * MEBIBYTE)
    connection.request("POST", route, body=flood, headers=headers, encode_chunked=not length)
    answer = connection.getresponse()
    answer.read()
    assert answer.status == (401 if token == "guess" else 413)  # noqa: S105
    held = (max(flood.held) - flood.held[0]) / MEBIBYTE
    assert held < ROUTES[route]
    connection.request("GET", "/health")
    again = connection.getresponse()
    assert (again.status, again.read()) == (200, b'{"status":"ok"}')
