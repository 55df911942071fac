"""Whatever comes in by GraphQL, it is answered in GraphQL, or refused as a request that is none.

schemathesis makes the queries, and does not judge the answers: it takes each that has `errors` for
a failure (schemathesis #1139), and here what is too much or cannot be is told in them.
"""

import json
import zlib
from dataclasses import replace
from typing import Any

import pytest
import schemathesis
from graphql import (
    ArgumentNode,
    IntValueNode,
    ObjectFieldNode,
    StringValueNode,
    ValueNode,
    Visitor,
    parse,
    print_ast,
    visit,
)
from hypothesis import given, settings
from hypothesis import strategies as some
from tests.pipeline.api.conftest import ALWAYS_THE_SAME, TOKENS, Client
from tests.pipeline.api.test_users import is_problem

from eureke.pipeline.api.problems import OUR_FAULT

PLAUSIBLE = {
    "id": "1",
    "userId": "1",
    "username": "ada",
    "email": "ada@example.com",
    "channel": "email",
    "channels": "sms",
    "timeZone": "Europe/Berlin",
    "priority": "urgent",
    "sort": "-username",
    "after": "",
}


class Plausible(Visitor):
    """Makes half of a query's values such as can be: with any it would hardly ever be carried out.

    Which half is in the values themselves, so that it is always the same.
    """

    def enter_argument(self, node: ArgumentNode, *_where: object) -> ArgumentNode:
        """Of a field."""
        return replace(node, value=_filled(node.name.value, node.value))

    def enter_object_field(self, node: ObjectFieldNode, *_where: object) -> ObjectFieldNode:
        """Of an input."""
        return replace(node, value=_filled(node.name.value, node.value))


def _filled(name: str, value: ValueNode) -> ValueNode:
    if isinstance(value, IntValueNode) and int(value.value) % 4:
        return replace(value, value=str(int(value.value) % 4))
    if isinstance(value, StringValueNode) and zlib.crc32(value.value.encode()) % 2:
        return replace(value, value=PLAUSIBLE.get(name, value.value))
    return value


def plausible(query: str) -> str:
    """The query with such values."""
    return print_ast(visit(parse(query), Plausible()))


def is_answered(door: Client, body: Any) -> dict[str, Any]:
    """The answer, which is one of GraphQL (or a problem, where the request is none)."""
    answer = door.post(
        "/graphql", data=json.dumps(body), headers={"Content-Type": "application/json"}
    )
    if answer.status_code != 200:
        return is_problem(answer, 400)
    assert answer.headers["content-type"] == "application/json"
    told: dict[str, Any] = answer.json()
    assert set(told) <= {"data", "errors", "extensions"}
    # A request that is refused as a whole has none.
    assert isinstance(told.get("data"), dict | None)
    assert told.get("data") is not None or told["errors"]
    for error in told.get("errors", ()):
        assert isinstance(error["message"], str)
        assert error["message"] != OUR_FAULT
        assert TOKENS["write"] not in answer.text
    return told


def test_any_query_or_mutation_of_the_schema(door: Client) -> None:
    """Each is told what is wrong, or carried out, as nearly every field is at least once."""
    headers = {"Authorization": f"Bearer {TOKENS['write']}"}
    schema = schemathesis.graphql.from_url(f"{door.base}/graphql", headers=headers)
    fields = {
        field: schema[kind][field] for kind in ("Query", "Mutation") for field in schema[kind]
    }
    carried_out: set[str] = set()

    @settings(ALWAYS_THE_SAME, max_examples=20)
    @given(data=some.data())
    def ask(data: some.DataObject) -> None:
        for operation in fields.values():
            case = data.draw(operation.as_strategy())
            told = is_answered(door, {"query": plausible(str(case.body))})
            carried_out.update(told.get("data") or ())

    ask()
    # A cursor of `users` cannot be made up, and which examples there are depends on what else ran.
    assert carried_out >= set(fields) - {"users"}


values = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(), inner, max_size=3),
    max_leaves=8,
)
texts = some.sampled_from(
    ["query ($v: ID!) { user(id: $v) { id } }", "{ __typename }", "{", "", "subscription { a }"]
)
requests = some.fixed_dictionaries(
    {},
    optional={
        "query": texts | some.text() | values,
        "variables": some.fixed_dictionaries({"v": values}) | values,
        "operationName": some.text() | values,
        "extensions": values,
    },
)


@pytest.mark.parametrize("api", ["sqlite"], indirect=True)
@settings(ALWAYS_THE_SAME, max_examples=150)
@given(body=requests | values)
def test_any_request(door: Client, body: Any) -> None:
    """Of whatever shape: 200 with an answer or errors, or 400."""
    is_answered(door, body)
