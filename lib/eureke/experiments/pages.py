"""A list that is read page by page while it changes: who is missed, who comes twice?"""

import secrets
from collections.abc import Iterator
from typing import Any, Final

import pandas as pd
import requests

LIMIT: Final = 5
TIMEOUT_S: Final = 10
CHANGES: Final = ("somebody comes", "somebody goes")


def pages(session: requests.Session, url: str, *, users: int = 40) -> pd.DataFrame:
    """How often each user was seen, by offset and by cursor, while others come or go.

    Args:
        session: of a client that may write.
        url: of the API.
        users: how many are there before and after; they are removed again.

    Returns:
        A row for each user, change and way: change, by, user, seen.
    """
    rows = []
    for change in CHANGES:
        for by in ("offset", "cursor"):
            people = _People(session, url, users)
            try:
                seen = list(people.read(by, change))
            finally:
                people.remove()
            rows += [
                {"change": change, "by": by, "user": name, "seen": seen.count(name)}
                for name in people.who_stay
            ]
    return pd.DataFrame(rows)


class _People:
    """Users of one experiment, and of no other: their names sort before all others'."""

    def __init__(self, session: requests.Session, url: str, count: int) -> None:
        self._session = session
        self._url = f"{url}/users"
        self._prefix = f"!{secrets.token_hex(3)}"
        self._ids: list[int] = []
        self._early = [self._make(f"b{number:03}") for number in range(count // LIMIT)]
        self.who_stay = [f"{self._prefix}-m{number:03}" for number in range(count)]
        for number in range(count):
            self._make(f"m{number:03}")

    def read(self, by: str, change: str) -> Iterator[str]:
        """The names of one reading, page by page; after each page somebody comes or goes."""
        offset, cursor, number = 0, "", 0
        while True:
            place: dict[str, Any] = {"cursor": cursor} if by == "cursor" else {"offset": offset}
            asked = {"limit": LIMIT, "sort": "username", **place}
            page = self._session.get(self._url, params=asked, timeout=TIMEOUT_S).json()
            yield from (user["username"] for user in page["items"])
            offset, cursor = offset + LIMIT, page["next"]
            if cursor is None or not page["items"][-1]["username"].startswith(self._prefix):
                return
            self._change(change, number)
            number += 1

    def remove(self) -> None:
        """Removes them all."""
        for user_id in self._ids:
            self._session.delete(f"{self._url}/{user_id}", timeout=TIMEOUT_S)

    def _change(self, change: str, number: int) -> None:
        if change == "somebody comes":
            self._make(f"a{number:03}")
        elif self._early:
            self._session.delete(f"{self._url}/{self._early.pop()}", timeout=TIMEOUT_S)

    def _make(self, name: str) -> int:
        username = f"{self._prefix}-{name}"
        body = {"username": username, "email": f"{name}@example.com"}
        answer = self._session.post(self._url, json=body, timeout=TIMEOUT_S)
        answer.raise_for_status()
        self._ids.append(int(answer.json()["id"]))
        return self._ids[-1]
