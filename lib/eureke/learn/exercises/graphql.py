"""Exercises of the chapter on GraphQL."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from graphql import build_schema, graphql_sync

from eureke.learn.exercise import Exercise, NotYet

SCHEMA: Final = build_schema("""
type Query { user(id: ID!): User }
type User { id: ID! username: String! email: String! notifications(first: Int = 10): [Sent!]! }
type Sent { id: ID! channel: String! template: String! user: User }
""")


def _world() -> dict[str, Any]:
    sent = [{"id": f"n{n}", "channel": "email", "template": "greeting"} for n in range(20)]

    def notifications(_info: Any, first: int) -> list[dict[str, str]]:
        return sent[:first]

    def user(_info: Any, id: str) -> dict[str, Any]:  # noqa: A002
        return {"id": id, "username": f"user-{id}", "email": "x", "notifications": notifications}

    return {"user": user}


def _check_one_trip(query: str) -> None:
    """Whether it brings the name and three channels, and nothing else, for any user."""
    for user_id in ("7", "8"):
        answer = graphql_sync(SCHEMA, query, _world(), variable_values={"id": user_id})
        if answer.errors:
            raise NotYet(f"The server says: {answer.errors[0].message}")
        wanted = {"username": f"user-{user_id}", "notifications": [{"channel": "email"}] * 3}
        if answer.data != {"user": wanted}:
            raise NotYet(f"For user {user_id} it brings {answer.data}.")


def _check_load(load: Callable[[list[int], Callable[[set[int]], dict[int, str]]], Any]) -> None:
    """Whether many keys are one question, and the answers are in the order of the keys."""
    table = {1: "ada", 2: "grace", 3: "alan"}
    for keys in ([2, 1, 2, 9, 3], [3], [9, 9]):
        asked: list[set[int]] = []

        def select(ids: Iterable[int], asked: list[set[int]] = asked) -> dict[int, str]:
            asked.append(set(ids))
            return {each: table[each] for each in asked[-1] if each in table}

        found = list(load(list(keys), select))
        if len(asked) != 1:
            raise NotYet(f"For the keys {keys} it asked {len(asked)} times.")
        if found != [table.get(key) for key in keys]:
            raise NotYet(f"For the keys {keys} it gives {found}.")


def _check_weight(weight: Callable[[Any], int]) -> None:
    """Whether it counts what a query may bring, lists in lists multiplied."""
    leaf: list[Any] = []
    cases = [
        ([], 1),
        ([(10, leaf)], 11),
        ([(10, [(5, leaf)])], 61),
        ([(10, [(5, leaf), (2, leaf)]), (3, leaf)], 84),
        ([(100, [(100, [(100, leaf)])])], 1_010_101),
    ]
    for lists, right in cases:
        if (found := weight(lists)) != right:
            raise NotYet(f"A node with the lists {lists} weighs {right}, and yours {found}.")


EXERCISES: Final = {
    "one-trip": Exercise(
        _check_one_trip,
        [
            "a query with the variable `$id` of the type `ID!`.",
            "`notifications` takes `first`; ask for the channel of each, and for nothing more.",
        ],
    ),
    "load": Exercise(
        _check_load,
        [
            "`select(ids)` gives a dictionary of those that there are, in one statement.",
            "the answer has a place for every key, in their order, and None where nobody is.",
        ],
    ),
    "weight": Exercise(
        _check_weight,
        [
            "a node weighs 1, and each of its lists as much as all its elements.",
            "a list is (how many, the lists of each element): call yourself for the element.",
        ],
    ),
}
