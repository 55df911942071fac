"""Pages by cursor, whoever comes and goes in between."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from hypothesis import given, settings
from hypothesis import strategies as some
from tests.pipeline.api.conftest import ALWAYS_THE_SAME, Client

SORTS = ("id", "-id", "username", "-username", "email", "-email")
# Small letters and digits: every database's order of them is Python's.
names = some.text("abc01", min_size=1, max_size=3)
emails = some.sampled_from(["a@example.com", "b@example.com", "c@example.com"])
changes = some.lists(
    some.tuples(some.just("add"), names, emails) | some.tuples(some.just("remove"), names, emails),
    max_size=3,
)


class Everybody:
    """The users that there are, by name."""

    def __init__(self, door: Client) -> None:
        self._door = door
        self.there: dict[str, dict[str, Any]] = {}

    def add(self, name: str, email: str) -> None:
        """One more, if the name is not taken."""
        if name not in self.there:
            answer = self._door.post("/users", json={"username": name, "email": email})
            assert answer.status_code == 201, answer.text
            self.there[name] = answer.json()

    def remove(self, name: str, _email: str = "") -> None:
        """One less, if there is one of that name."""
        if name in self.there:
            gone = self.there.pop(name)
            assert self._door.delete(f"/users/{gone['id']}").status_code == 204


def pages(door: Client, address: str) -> Iterator[list[dict[str, Any]]]:
    """Page by page, as the links say."""
    while address:
        answer = door.get(address)
        assert answer.status_code == 200, answer.text
        address = answer.links.get("next", {}).get("url", "")
        cursor = parse_qs(urlsplit(address).query).get("cursor", [None])
        assert cursor == [answer.json()["next"]]
        yield answer.json()["items"]


@settings(ALWAYS_THE_SAME, max_examples=40)
@given(
    first=some.lists(some.tuples(names, emails), max_size=12),
    between=some.lists(changes, max_size=6),
    limit=some.integers(1, 13),
    sort=some.sampled_from(SORTS),
)
def test_whoever_is_there_throughout_is_seen_once(
    door: Client,
    first: list[tuple[str, str]],
    between: list[list[tuple[str, str, str]]],
    limit: int,
    sort: str,
) -> None:
    """In order, and nobody twice, whoever comes and goes between two pages."""
    everybody = Everybody(door)
    try:
        for name, email in first:
            everybody.add(name, email)
        stayed = {user["id"] for user in everybody.there.values()}
        seen: list[dict[str, Any]] = []
        steps = iter(between)
        for page in pages(door, f"/users?limit={limit}&sort={sort}"):
            assert len(page) <= limit
            seen += page
            for done, name, email in next(steps, ()):
                getattr(everybody, done)(name, email)
            stayed &= {user["id"] for user in everybody.there.values()}
        ids = [user["id"] for user in seen]
        assert len(set(ids)) == len(ids)
        assert stayed <= set(ids)
        by = sort.removeprefix("-")
        order = [(user[by], user["id"]) for user in seen]
        assert order == sorted(order, reverse=sort.startswith("-"))
    finally:
        for name in list(everybody.there):
            everybody.remove(name)


@settings(ALWAYS_THE_SAME, max_examples=30)
@given(
    first=some.lists(names, unique=True, min_size=1, max_size=6),
    wanted=names,
    limit=some.integers(1, 3),
    sort=some.sampled_from(SORTS),
)
def test_a_filter_holds_on_every_page(
    door: Client, first: list[str], wanted: str, limit: int, sort: str
) -> None:
    """In whatever order: who is looked for, or nobody."""
    everybody = Everybody(door)
    try:
        for name in first:
            everybody.add(name, "a@example.com")
        address = f"/users?limit={limit}&sort={sort}&username={wanted}"
        found = [user for page in pages(door, address) for user in page]
        assert found == [user for name, user in everybody.there.items() if name == wanted]
    finally:
        for name in list(everybody.there):
            everybody.remove(name)
