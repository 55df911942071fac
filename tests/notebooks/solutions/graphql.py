"""Answers to the exercises on GraphQL, and some that are wrong."""

from collections.abc import Callable
from typing import Any, Final

Select = Callable[[set[int]], dict[int, str]]


def load(ids: list[int], select: Select) -> list[str | None]:
    found = select(set(ids))
    return [found.get(each) for each in ids]


def one_by_one(ids: list[int], select: Select) -> list[str | None]:
    return [select({each}).get(each) for each in ids]


def weight(lists: list[Any]) -> int:
    return 1 + int(sum(count * weight(inner) for count, inner in lists))


ONE_TRIP: Final = """
query ($id: ID!) { user(id: $id) { username notifications(first: 3) { channel } } }
"""
RIGHT: Final[dict[str, Any]] = {"one-trip": ONE_TRIP, "load": load, "weight": weight}
WRONG: Final[list[tuple[str, Any]]] = [
    ("one-trip", ONE_TRIP.replace("(first: 3)", "")),
    ("one-trip", ONE_TRIP.replace("username", "username email")),
    ("one-trip", ONE_TRIP.replace("user(id: $id)", 'user(id: "7")').replace("($id: ID!)", "")),
    ("one-trip", "{"),
    ("load", one_by_one),
    ("load", lambda ids, select: list(select(set(ids)).values())),
    ("load", lambda ids, select: [select(set(ids))[each] for each in ids]),
    ("weight", lambda lists: 1 + sum(count for count, _ in lists)),
    ("weight", lambda lists: 1),
]
