"""Users over GraphQL, by a real client against a real server."""

import contextlib
import sqlite3
from typing import Any

import pytest
import requests
from gql import Client as GraphQLClient
from gql import GraphQLRequest, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.requests import RequestsHTTPTransport
from graphql import GraphQLError
from tests.pipeline.api.conftest import TOKENS, Client
from tests.pipeline.api.test_users import is_problem

USER = "query ($id: ID!) { user(id: $id) { id username email } }"
ADA = {"username": "ada", "email": "ada@example.com"}


@pytest.fixture
def graph(api: str) -> GraphQLClient:
    """A client that may read, and has asked for the schema."""
    headers = {"Authorization": f"Bearer {TOKENS['read']}"}
    transport = RequestsHTTPTransport(url=f"{api}/graphql", headers=headers, timeout=10)
    return GraphQLClient(transport=transport, fetch_schema_from_transport=True)


@pytest.fixture
def writer(api: str, client: Client) -> GraphQLClient:
    """A client that may change what there is; `client` cleans up after it."""
    headers = {"Authorization": f"Bearer {TOKENS['write']}"}
    transport = RequestsHTTPTransport(url=f"{api}/graphql", headers=headers, timeout=10)
    return GraphQLClient(transport=transport, fetch_schema_from_transport=True)


def asked(graph: GraphQLClient, user_id: object) -> Any:
    query = gql(USER)
    query.variable_values = {"id": user_id}
    return graph.execute(query)["user"]


def test_a_user_by_the_fields_one_wants(client: Client, graph: GraphQLClient) -> None:
    """Those, and no others; null where there is nobody."""
    made = client.post("/users", json=ADA).json()
    assert asked(graph, made["id"]) == {"id": str(made["id"]), **ADA}
    assert asked(graph, 9_999_999) is None
    for never in ("one", "-1", "9" * 30, "", "1.0"):
        assert asked(graph, never) is None


def test_what_is_beneath(client: Client, graph: GraphQLClient) -> None:
    """Preferences, names in GraphQL's own spelling."""
    said = {"channels": ["sms"], "quiet": [1320, 420], "time_zone": "Europe/Berlin"}
    made = client.post("/users", json=ADA | {"preferences": said}).json()
    query = gql(
        "query ($id: ID!) { user(id: $id) "
        "{ preferences { channels timeZone cap quiet { begins ends } } } }"
    )
    query.variable_values = {"id": made["id"]}
    found = graph.execute(query)["user"]["preferences"]
    assert found == {
        "channels": ["sms"],
        "timeZone": "Europe/Berlin",
        "cap": None,
        "quiet": {"begins": 1320, "ends": 420},
    }


def test_a_field_that_is_not_there_is_found_before_anything_is_sent(graph: GraphQLClient) -> None:
    """The client knows the schema."""
    with (
        graph as session,
        pytest.raises(GraphQLError, match="Cannot query field 'password'"),
    ):
        session.execute(gql("{ user(id: 1) { password } }"))


LOOP = "{ user(id: 1) { " + "notifications { user { " * 6 + "id" + " } }" * 6 + " } }"
TREE = " ".join(f"fragment f{n} on User {{ ...f{n + 1} ...f{n + 1} }}" for n in range(60))
TOO_MUCH = {
    "alias": "{ " + " ".join(f"a{n}: user(id: {n}) {{ id }}" for n in range(20)) + " }",
    "token": "{ user(id: 1) { " + "id " * 2000 + "} }",
    "5,100": "{ users(first: 100) { edges { node { notifications(first: 50) { id } } } } }",
    "1,000,000": "{ users(first: 1000000) { edges { cursor } } }",
    "10,100": """query ($n: Int!) { users(first: $n) { edges { node { ...f } } } }
        fragment f on User { notifications(first: $n) { id } }""",
    "10,200": """{ less: notifications(first: -1000000) { id }
        users(first: 100) { edges { node { notifications(first: 101) { id } } } } }""",
    "999,999": "{ users(first: " + "9" * 5000 + ") { edges { cursor } } }",
    "1000 tokens": "{ " + " ".join(f"a{n}: user(id: {n}) {{ id }}" for n in range(1000)) + " }",
    "depth": LOOP,
    "within itself": """fragment f on User { notifications { user { ...f ...f } } }
        { user(id: 1) { ...f } }""",
    "weight of this is 10,100": """{
        users(first: 100) { edges { node { notifications(first: 100) { id } } } }
        x: users(first: -1000000) { edges { cursor } } }""",
    "9,999,999,999": "{ users(first: " + "9" * 5000 + ") { edges { cursor } } }",
    "introspection depth": "{ __schema { "
    + "types { fields { type { " * 3
    + "name"
    + "} } } " * 3
    + "} }",
    "unknown fragment": f"{TREE} {{ user(id: 1) {{ ...f0 }} }}",
    "million million": f"{TREE} fragment f60 on User {{ a: id }} {{ user(id: 1) {{ ...f0 }} }}",
}


@pytest.mark.parametrize(("said", "query"), TOO_MUCH.items(), ids=TOO_MUCH)
def test_a_query_that_is_too_much(client: Client, said: str, query: str) -> None:
    """Is refused before it runs."""
    answer = client.post("/graphql", json={"query": query})
    assert said in answer.text.lower()
    assert answer.json().get("data") is None


FOLLOWED = 'subscription { notificationStatus(id: "x") { id } }'


@pytest.mark.parametrize("body", [{}, {"query": 3}, {"query": FOLLOWED}, [], 3, "query", True])
def test_a_request_that_is_none(client: Client, body: object) -> None:
    """The client's fault, and a problem like any other."""
    is_problem(client.post("/graphql", json=body), 400)


@pytest.mark.parametrize("query", ["{", "{ nothing }"])
def test_a_query_that_is_none(client: Client, query: str) -> None:
    """Is told so in GraphQL."""
    answer = client.post("/graphql", json={"query": query})
    assert answer.status_code == 200
    assert answer.json()["errors"]


def test_nothing_is_asked_by_get(client: Client) -> None:
    """405 says how instead."""
    answer = client.get("/graphql?query={__typename}")
    is_problem(answer, 405)
    assert answer.headers["Allow"] == "OPTIONS, POST"


def test_an_error_is_an_error(graph: GraphQLClient) -> None:
    """And not a null that looks like an answer."""
    query = gql("query ($id: ID!) { user(id: $id) { id } }")
    with pytest.raises(TransportQueryError, match="non-null type"):
        graph.execute(query)


def test_lists_are_connections(client: Client, graph: GraphQLClient) -> None:
    """Each user on one page, by the cursors."""
    names = [client.post("/users", json=ada(number)).json()["username"] for number in range(7)]
    query = gql(
        'query ($after: String!) { users(first: 3, after: $after, sort: "-username") '
        "{ edges { cursor node { username } } "
        "pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"
    )
    seen: list[str] = []
    after, more = "", True
    while more:
        query.variable_values = {"after": after}
        page = graph.execute(query)["users"]
        seen += [edge["node"]["username"] for edge in page["edges"]]
        assert page["pageInfo"]["hasPreviousPage"] is bool(after)
        assert page["pageInfo"]["startCursor"] == page["edges"][0]["cursor"]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert seen == sorted(names, reverse=True)


def ada(number: int) -> dict[str, Any]:
    return {"username": f"ada{number}", "email": f"ada{number}@example.com"}


CREATE = gql(
    "mutation ($input: UserInput!) { createUser(input: $input) "
    "{ __typename ... on User { id username } ... on UsernameTaken { username } "
    "... on Invalid { message } } }"
)
CHANGE = gql(
    "mutation ($id: ID!, $input: UserChange!) { changeUser(id: $id, input: $input) "
    "{ __typename ... on User { email preferences { channels cap } } "
    "... on Invalid { message } } }"
)
REMOVE = gql("mutation ($id: ID!) { removeUser(id: $id) { __typename } }")


def changed(graph: GraphQLClient, document: GraphQLRequest, **values: Any) -> Any:
    document.variable_values = values
    (answer,) = graph.execute(document).values()
    return answer


def test_what_goes_wrong_is_part_of_the_type(writer: GraphQLClient, client: Client) -> None:
    """A name that is taken, a value that cannot be, a user who is not there."""
    made = changed(writer, CREATE, input=ADA)
    assert made["__typename"] == "User"
    assert client.get(f"/users/{made['id']}").json()["username"] == "ada"
    taken = changed(writer, CREATE, input=ADA)
    assert taken == {"__typename": "UsernameTaken", "username": "ada"}
    for never in ({"email": "x"}, {"username": ""}, {"preferences": {"channels": ["pigeon"]}}):
        assert changed(writer, CREATE, input=ADA | never)["__typename"] == "Invalid"

    said = {"preferences": {"channels": ["sms"], "cap": 2}}
    assert changed(writer, CHANGE, id=made["id"], input=said) == {
        "__typename": "User",
        "email": ADA["email"],
        "preferences": {"channels": ["sms"], "cap": 2},
    }
    capless = {"email": "ada@example.org", "preferences": {"cap": None}}
    assert changed(writer, CHANGE, id=made["id"], input=capless)["preferences"] == {
        "channels": ["sms"],
        "cap": None,
    }
    assert changed(writer, CHANGE, id="9999999", input=said)["__typename"] == "NoSuchUser"
    assert changed(writer, CHANGE, id="x", input=said)["__typename"] == "NoSuchUser"
    broken: dict[str, Any] = {"preferences": {"timeZone": "Mars/Olympus"}}
    assert changed(writer, CHANGE, id=made["id"], input=broken)["__typename"] == "Invalid"
    assert changed(writer, REMOVE, id=made["id"])["__typename"] == "Removed"
    assert changed(writer, REMOVE, id=made["id"])["__typename"] == "NoSuchUser"


@pytest.mark.parametrize(
    ("document", "values"),
    [
        (CREATE, {"input": ADA}),
        (CHANGE, {"id": "1", "input": {}}),
        (REMOVE, {"id": "1"}),
    ],
    ids=["create", "change", "remove"],
)
def test_a_reader_changes_nothing(
    graph: GraphQLClient, client: Client, document: GraphQLRequest, values: dict[str, Any]
) -> None:
    """The error has a code that a program can read."""
    with pytest.raises(TransportQueryError) as caught:
        changed(graph, document, **values)
    assert caught.value.errors is not None
    assert caught.value.errors[0]["extensions"]["code"] == "FORBIDDEN"
    assert client.get("/users").json()["items"] == []


def statements(answer: requests.Response) -> int:
    """How many SQL statements an answer took."""
    return int(answer.headers["Server-Timing"].partition('sql;desc="')[2].rstrip('"'))


def test_many_users_are_one_statement(client: Client) -> None:
    """And many, where the loader may not wait for the others."""
    for number in range(5):
        client.post("/users", json=ada(number))
    ids = [user["id"] for user in client.get("/users").json()["items"]]
    fields = " ".join(f"u{each}: user(id: {each}) {{ username }}" for each in ids)
    batched = client.post("/graphql", json={"query": f"{{ {fields} }}"})
    assert statements(batched) == 1
    naive = client.post(
        "/graphql", json={"query": f"{{ {fields} }}"}, headers={"X-Teach-One-By-One": "yes"}
    )
    assert naive.json() == batched.json()
    assert statements(naive) == len(ids)


@pytest.mark.parametrize("first", [-1, 101])
def test_a_page_has_its_limit(client: Client, first: int) -> None:
    """Neither less than nothing nor more than a page."""
    query = f"{{ users(first: {first}) {{ edges {{ cursor }} }} }}"
    answer = client.post("/graphql", json={"query": query}).json()
    assert "from 0 to 100" in answer["errors"][0]["message"]


def test_nothing_of_the_inside_is_told(lonely: tuple[Client, Any]) -> None:
    """The database is away: an error that says no more than that."""
    client, database = lonely
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("DROP TABLE preferences")
    told = client.post("/graphql", json={"query": "{ user(id: 1) { id } }"}).json()
    assert [each["message"] for each in told["errors"]] == [
        "this is our fault, and it is in our log"
    ]
