"""Users over GraphQL, by a real client against a real server."""

from typing import Any

import pytest
from gql import Client as GraphQLClient
from gql import gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.requests import RequestsHTTPTransport
from graphql import GraphQLError
from tests.pipeline.api.conftest import TOKENS, Client

USER = "query ($id: ID!) { user(id: $id) { id username email } }"
ADA = {"username": "ada", "email": "ada@example.com"}


@pytest.fixture
def graph(api: str) -> GraphQLClient:
    """A client that may read, and has asked for the schema."""
    headers = {"Authorization": f"Bearer {TOKENS['read']}"}
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


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("{ " + " ".join(f"a{n}: user(id: {n}) {{ id }}" for n in range(20)) + " }", "alias"),
        ("{ user(id: 1) { " + "id " * 2000 + "} }", "token"),
    ],
)
def test_a_query_that_is_too_much(client: Client, query: str, said: str) -> None:
    """Is refused before it runs."""
    answer = client.post("/graphql", json={"query": query})
    assert said in answer.text.lower()
    assert answer.json().get("data") is None


@pytest.mark.parametrize("body", [{}, {"query": 3}, {"query": "{"}, {"query": "{ nothing }"}, []])
def test_a_request_that_is_none(client: Client, body: object) -> None:
    """The client's fault, never the server's."""
    assert client.post("/graphql", json=body).status_code in (200, 400)


def test_an_error_is_an_error(graph: GraphQLClient) -> None:
    """And not a null that looks like an answer."""
    query = gql("query ($id: ID!) { user(id: $id) { id } }")
    with pytest.raises(TransportQueryError, match="non-null type"):
        graph.execute(query)
