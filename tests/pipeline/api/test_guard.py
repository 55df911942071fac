"""Who may do what, for every route and every field, over REST and over GraphQL."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pytest
import requests
from tests.pipeline.api.conftest import TOKENS, Client, serving, without_a_stack
from tests.pipeline.api.test_users import is_problem
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from eureke.pipeline.api import pages


class Rule(NamedTuple):
    """Who may: the same by either door, where there are two."""

    scope: Literal["open", "read", "write"]
    route: str = ""
    field: str = ""
    operation: str = ""
    """The field, asked for in such a way that nothing behind the API is needed."""


RULES = (
    Rule("open", "GET /health"),
    Rule("open", "GET /metrics"),
    Rule("open", "GET /schema/openapi.json"),
    Rule("open", "GET /docs"),
    Rule("open", "GET /graphiql"),
    Rule("open", "GET /pages/docs.js"),
    Rule("open", "GET /pages/graphql.js"),
    Rule("read", "POST /graphql"),
    Rule("read", "GET /users", "Query.users", "{ users { edges { cursor } } }"),
    Rule("read", "GET /users/{user_id}", "Query.user", "{ user(id: 1) { id } }"),
    Rule("read", "HEAD /users/{user_id}"),
    Rule(
        "read",
        "GET /users/{user_id}/notifications",
        "Query.notifications",
        "{ notifications(first: -1) { id } }",
    ),
    Rule(
        "read",
        "GET /notifications/{notification_id}",
        "Subscription.notificationStatus",
        'subscription { notificationStatus(id: "") { id } }',
    ),
    Rule(
        "write",
        "POST /users",
        "Mutation.createUser",
        'mutation { createUser(input: {username: "", email: ""}) { __typename } }',
    ),
    Rule("write", "PUT /users/{user_id}"),
    Rule(
        "write",
        "PATCH /users/{user_id}",
        "Mutation.changeUser",
        "mutation { changeUser(id: 1, input: {}) { __typename } }",
    ),
    Rule(
        "write",
        "DELETE /users/{user_id}",
        "Mutation.removeUser",
        "mutation { removeUser(id: 1) { __typename } }",
    ),
    Rule(
        "write",
        "POST /notifications",
        "Mutation.sendNotification",
        'mutation { sendNotification(input: {userId: 1, channel: "", template: ""}) '
        "{ __typename } }",
    ),
)
ROUTES = {rule.route: rule for rule in RULES if rule.route}
FIELDS = {rule.field: rule for rule in RULES if rule.field}
BY_HTTP = [name for name in FIELDS if not name.startswith("Subscription")]
STRANGERS = {
    "no token": {},
    "an empty one": {"Authorization": "Bearer "},
    "a guess": {"Authorization": "Bearer guess"},
    "too long": {"Authorization": f"Bearer {TOKENS['write']}x"},
    "another scheme": {"Authorization": f"Basic {TOKENS['write']}"},
    "another header": {"X-Token": TOKENS["write"]},
    "no ASCII": {"Authorization": "Bearer \xe4"},
}
INSIDE = ("Traceback", 'File "', "sqlalchemy", "sqlite", "SELECT", "INSERT", "confluent")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server's log is."""
    return tmp_path_factory.mktemp("guarded")


@pytest.fixture(scope="module")
def base(folder: Path) -> Iterator[str]:
    """A server; its log holds no token at the end, whatever was asked."""
    with serving(without_a_stack(folder), folder) as (found, _):
        yield found
    log = (folder / "api.log").read_text()
    assert "/users" in log
    assert not [token for token in TOKENS.values() if token in log]


def tells_nothing(text: str) -> None:
    """Nothing of the inside, and no token."""
    assert not [each for each in (*INSIDE, *TOKENS.values()) if each in text], text


def called(base: str, route: str, headers: dict[str, str]) -> requests.Response:
    """The answer at a route, to one with these headers and nothing useful to say."""
    method, _, path = route.partition(" ")
    filled = path.format(user_id=1, notification_id="no such", path="none")
    body: dict[str, Any] | None = {} if method in ("POST", "PUT", "PATCH") else None
    return requests.request(method, f"{base}{filled}", json=body, headers=headers, timeout=10)


def bearer(scope: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {TOKENS[scope]}"}


def test_every_route_has_its_rule(base: str) -> None:
    """Those of the document and the pages: a new one without a rule is found here."""
    document = requests.get(f"{base}/schema/openapi.json", timeout=10).json()
    routes = {
        f"{method.upper()} {path}"
        for path, operations in document["paths"].items()
        for method in operations
    }
    routes |= {
        f"{method} {path}"
        for handler in pages.handlers()
        for path in handler.paths
        for method in handler.http_methods
    } - {"HEAD"}
    # The document does not tell of itself, and GraphQL's schema is a document of its own.
    assert routes | {"GET /schema/openapi.json", "POST /graphql"} == set(ROUTES)


def test_every_field_has_its_rule(base: str) -> None:
    """A new one of the schema without a rule is found here."""
    kinds = ("query", "mutation", "subscription")
    roots = " ".join(f"{kind}Type {{ name fields {{ name }} }}" for kind in kinds)
    with Client(base, TOKENS["read"]) as client:
        told = client.post("/graphql", json={"query": f"{{ __schema {{ {roots} }} }}"}).json()
    fields = {
        f"{root['name']}.{field['name']}"
        for root in told["data"]["__schema"].values()
        for field in root["fields"]
    }
    assert fields == set(FIELDS)


@pytest.mark.parametrize("route", ROUTES)
def test_who_may_by_rest(base: str, route: str) -> None:
    """401 to strangers, 403 to a reader who would write, and neither to who may."""
    scope = ROUTES[route].scope
    for headers in STRANGERS.values():
        answer = called(base, route, headers)
        tells_nothing(answer.text)
        if scope == "open":
            assert answer.status_code in (200, 404)
        else:
            assert answer.status_code == 401
            assert answer.headers["WWW-Authenticate"] == 'Bearer realm="eureke"'
            assert route.startswith("HEAD") or is_problem(answer, 401)
    reader, writer = (called(base, route, bearer(scope)) for scope in ("read", "write"))
    for answer in (reader, writer):
        tells_nothing(answer.text)
    if scope == "write":
        is_problem(reader, 403)
    else:
        assert reader.status_code not in (401, 403)
    assert writer.status_code not in (401, 403, 500)


def test_a_token_stands_nowhere_but_in_its_header(base: str) -> None:
    """In an address it would stand in logs."""
    with Client(base, "") as stranger:
        for name in ("access_token", "token", "authorization"):
            is_problem(stranger.get(f"/users?{name}={TOKENS['write']}"), 401)
        is_problem(stranger.options("/users"), 401)


def judged(told: dict[str, Any], scope: str, granted: str) -> None:
    """A field by a token: FORBIDDEN is a code, and nobody else gets it."""
    tells_nothing(json.dumps(told))
    codes = [each.get("extensions", {}).get("code") for each in told.get("errors", ())]
    assert ("FORBIDDEN" in codes) is (scope == "write" and granted == "read"), told


@pytest.mark.parametrize("field", BY_HTTP)
def test_who_may_by_graphql(base: str, field: str) -> None:
    """As by REST; that a reader may not write is an error of the field."""
    rule = FIELDS[field]
    asked = {"query": rule.operation}
    for headers in STRANGERS.values():
        answer = requests.post(f"{base}/graphql", json=asked, headers=headers, timeout=10)
        is_problem(answer, 401)
    for granted in TOKENS:
        with Client(base, TOKENS[granted]) as client:
            answer = client.post("/graphql", json=asked)
        assert answer.status_code == 200
        judged(answer.json(), rule.scope, granted)


def socket_of(base: str, **options: Any) -> ClientConnection:
    """A socket without a first message yet."""
    address = f"{base.replace('http', 'ws')}/graphql"
    kind = [Subprotocol("graphql-transport-ws")]
    found: ClientConnection = connect(address, subprotocols=kind, proxy=None, **options)
    return found


def told_by(opened: ClientConnection, kind: str, **message: Any) -> dict[str, Any]:
    """The answer to a message."""
    opened.send(json.dumps({"type": kind, **message}))
    told: dict[str, Any] = json.loads(opened.recv(timeout=10))
    return told


@pytest.mark.parametrize("field", FIELDS)
def test_who_may_by_a_socket(base: str, field: str) -> None:
    """The same, with the token of the first message."""
    rule = FIELDS[field]
    for granted in TOKENS:
        with socket_of(base) as opened:
            assert told_by(opened, "connection_init", payload=bearer(granted)) == {
                "type": "connection_ack"
            }
            asked = {"query": rule.operation}
            told = told_by(opened, "subscribe", id="1", payload=asked)
            payload = told["payload"]
            judged(payload if told["type"] == "next" else {"errors": payload}, rule.scope, granted)


FIRST: dict[str, Any] = {
    **{name: {"payload": headers} for name, headers in STRANGERS.items() if name != "no ASCII"},
    "no payload": {},
    "no object": {"payload": "Bearer"},
    "a number": {"payload": {"Authorization": 1}},
}


@pytest.mark.parametrize("message", FIRST.values(), ids=FIRST)
def test_a_stranger_gets_no_socket(base: str, message: dict[str, Any]) -> None:
    """It is closed, whatever else was said."""
    with socket_of(base) as opened, pytest.raises(ConnectionClosed) as closed:
        told_by(opened, "connection_init", **message)
    assert closed.value.rcvd is not None
    assert 4400 <= closed.value.rcvd.code <= 4403
    tells_nothing(closed.value.rcvd.reason)


def test_nothing_is_asked_before_the_token(base: str) -> None:
    """4401, and nothing was done."""
    with socket_of(base) as opened, pytest.raises(ConnectionClosed) as closed:
        told_by(opened, "subscribe", id="1", payload={"query": "{ __typename }"})
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


def test_a_socket_by_a_name_that_is_not_the_servers_own(base: str) -> None:
    """A page that points its own name here gets nothing, even with a token."""
    host, _, port = base.removeprefix("http://").partition(":")
    reached = socket.create_connection((host, int(port)), timeout=10)
    with (
        socket_of("http://evil.example", sock=reached) as opened,
        pytest.raises(ConnectionClosed) as closed,
    ):
        told_by(opened, "connection_init", payload=bearer("write"))
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4403
