"""Answers to the exercises on REST, and some that are wrong."""

from collections.abc import Callable, Iterator
from typing import Any, Final


def every_item(page: Callable[[str | None], dict[str, Any]]) -> Iterator[str]:
    cursor = None
    while True:
        found = page(cursor)
        yield from found["items"]
        cursor = found["next"]
        if cursor is None:
            return


def rename(get: Callable[[], Any], put: Callable[[Any, str], int], name: str) -> None:
    status = 412
    while status == 412:
        user, tag = get()
        status = put(user | {"username": name}, tag)


def first_page_only(page: Callable[[str | None], dict[str, Any]]) -> Any:
    return page(None)["items"]


def never_ends(page: Callable[[str | None], dict[str, Any]]) -> Iterator[str]:
    while True:
        yield from page(None)["items"]


def overwrites(get: Callable[[], Any], put: Callable[[Any, str], int], name: str) -> None:
    user, _ = get()
    while True:
        _, tag = get()
        if put(user | {"username": name}, tag) == 200:
            return


RIGHT: Final[dict[str, Any]] = {
    "may-repeat": lambda method, has_key: has_key or method not in ("POST", "PATCH"),
    "backoff": lambda attempt, chance: chance.uniform(0, min(10, 0.1 * 2**attempt)),
    "every-item": every_item,
    "rename": rename,
}
WRONG: Final[list[tuple[str, Any]]] = [
    ("may-repeat", lambda method, has_key: has_key or method != "POST"),
    ("may-repeat", lambda method, has_key: method != "POST"),
    ("may-repeat", lambda method, has_key: True),
    ("backoff", lambda attempt, chance: min(10, 0.1 * 2**attempt)),
    ("backoff", lambda attempt, chance: chance.uniform(0, 0.1 * 2**attempt)),
    ("backoff", lambda attempt, chance: chance.uniform(0, 10)),
    ("backoff", lambda attempt, chance: -1),
    ("every-item", first_page_only),
    ("every-item", never_ends),
    ("every-item", lambda page: []),
    ("every-item", lambda page: 1 / 0),
    ("rename", lambda get, put, name: put(get()[0] | {"username": name}, get()[1])),
    ("rename", overwrites),
    ("rename", lambda get, put, name: None),
]
