"""What takes too long is ended, and the database with it; what is followed is not."""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from gql import Client as GraphQLClient
from gql import gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.websockets import WebsocketsTransport
from sqlalchemy import create_engine, text
from tests.pipeline.api.conftest import (
    TOKENS,
    Client,
    own_database,
    served,
    serving,
    with_own_users,
    without_a_stack,
)
from tests.waiting import wait_until

from eureke.stack.stack import Stack

TIMEOUT_S = 0.5
RESPONSE = {"Accept": "application/graphql-response+json"}
CREATE = """mutation ($name: String!) { createUser(input: {username: $name, email: "a@b.c"})
    { __typename } }"""
SEE = "{ users { edges { node { username } } } }"


def asked(base: str, query: str, **variables: Any) -> requests.Response:
    """The answer to one who may do everything and wants to know the status, too."""
    with Client(base) as client:
        body = {"query": query, "variables": variables}
        return client.post("/graphql", json=body, headers=RESPONSE)


def is_late(answer: requests.Response) -> None:
    """No data, a code that a program can read, and a status of the server's."""
    assert answer.status_code == 503, answer.text
    (error,) = answer.json()["errors"]
    assert error["extensions"] == {"code": "TIMEOUT"}
    assert error["message"] == "this took longer than 0.5 s"
    assert "data" not in answer.json()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of one that gives an operation little time, and the file of its database."""
    folder = tmp_path_factory.mktemp("impatient")
    for base in served(without_a_stack(folder, graphql_timeout_s=TIMEOUT_S), folder):
        yield base, folder / "users.db"


@pytest.fixture
def impatient(server: tuple[str, Path]) -> str:
    """Its address."""
    return server[0]


@pytest.fixture
def writer(server: tuple[str, Path]) -> Iterator[sqlite3.Connection]:
    """Somebody who has begun to write, and keeps all others from it."""
    with contextlib.closing(sqlite3.connect(server[1], isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield connection


def test_what_waits_too_long_ends_and_nothing_stays_behind(
    impatient: str, writer: sqlite3.Connection
) -> None:
    """Others write for ever: each mutation is told so, no thread waits on, nothing is half done."""
    with ThreadPoolExecutor(40) as pool:
        names = [f"ada{number}" for number in range(40)]
        late = list(pool.map(lambda name: asked(impatient, CREATE, name=name), names))
    for answer in late:
        is_late(answer)

    def sees() -> bool:
        return asked(impatient, SEE).status_code == 200

    wait_until(sees, within_s=4, what="a thread for one who only reads")
    writer.execute("ROLLBACK")
    made = asked(impatient, CREATE, name="grace").json()
    assert made == {"data": {"createUser": {"__typename": "User"}}}
    edges = asked(impatient, SEE).json()["data"]["users"]["edges"]
    assert edges == [{"node": {"username": "grace"}}]


def test_as_json_it_is_said_in_the_body_alone(impatient: str, writer: sqlite3.Connection) -> None:
    """Who does not know the newer kind of answer gets 200, as for every GraphQL error."""
    with Client(impatient) as client:
        answer = client.post("/graphql", json={"query": CREATE, "variables": {"name": "ada"}})
    assert answer.status_code == 200
    assert answer.json()["errors"][0]["extensions"] == {"code": "TIMEOUT"}


def test_postgresql_is_told_to_end_it_too(contained: Stack, tmp_path: Path) -> None:
    """Somebody holds the table: no statement of the API waits for it after its time."""
    url = own_database(contained.settings.users_url)
    settings = replace(
        contained.settings, users_url=url, api_tokens=TOKENS, graphql_timeout_s=TIMEOUT_S
    )
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with (
        serving(settings, tmp_path) as (base, _),
        engine.connect() as holder,
        engine.connect() as observer,
    ):
        holder.execute(text("BEGIN"))
        holder.execute(text("LOCK TABLE users IN ACCESS EXCLUSIVE MODE"))
        with ThreadPoolExecutor(8) as pool:
            for answer in pool.map(lambda _: asked(base, SEE), range(8)):
                is_late(answer)

        def ended() -> bool:
            return observer.execute(text(waiting)).scalar() == 0

        wait_until(ended, within_s=5, what="the end of the API's statements")
        holder.execute(text("ROLLBACK"))
        assert asked(base, SEE).status_code == 200
    engine.dispose()


def socket_of(base: str) -> GraphQLClient:
    """A client by a socket."""
    return GraphQLClient(
        transport=WebsocketsTransport(
            url=f"{base.replace('http', 'ws')}/graphql",
            init_payload={"Authorization": f"Bearer {TOKENS['write']}"},
        )
    )


def test_by_a_socket_it_is_the_same(impatient: str, writer: sqlite3.Connection) -> None:
    """Queries and mutations have no more time there."""
    wanted = gql(CREATE)
    wanted.variable_values = {"name": "ada"}
    with pytest.raises(TransportQueryError, match=r"longer than 0\.5 s"):
        socket_of(impatient).execute(wanted)


def test_what_is_followed_has_all_the_time(stack: Stack, tmp_path: Path) -> None:
    """A subscription outlives the limit many times, and ends with the notification."""
    settings = with_own_users(stack, tmp_path, graphql_timeout_s=0.05)
    hello = {"user_id": 4_000_000, "channel": "email", "template": "t", "id": "followed"}
    hello |= {"priority": "urgent", "data": {"to": "ada@example.com"}}
    wanted = gql('subscription { notificationStatus(id: "followed") { status final } }')
    seen: list[str] = []
    first = threading.Event()

    def follow(base: str) -> None:
        for told in socket_of(base).subscribe(wanted):
            seen.append(told["notificationStatus"]["status"])
            first.set()

    stack.pause("dispatcher-urgent-1")
    try:
        with (
            serving(settings, tmp_path) as (base, _),
            Client(base) as client,
            ThreadPoolExecutor(1) as pool,
        ):
            assert client.post("/notifications", json=hello).status_code == 202
            following = pool.submit(follow, base)
            assert first.wait(20)
            stack.resume("dispatcher-urgent-1")
            following.result(20)
    finally:
        stack.resume("dispatcher-urgent-1")
    assert (seen[0], seen[-1]) == ("accepted", "delivered")
