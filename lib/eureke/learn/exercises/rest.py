"""Exercises of the chapter on REST."""

import copy
import random
from collections.abc import Callable
from typing import Any, Final

from eureke.learn.exercise import Exercise, NotYet

State = dict[str, Any]
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


def _apply(state: State, method: str, key: str | None) -> None:
    """A server of one resource and one list, as the methods mean it; PATCH adds to a list."""
    if key is not None and key in state["answered"]:
        return
    match method:
        case "POST":
            state["rows"].append("new")
        case "PUT":
            state["row"] = "put"
        case "PATCH":
            state["tags"].append("added")
        case "DELETE":
            state["row"] = None
    if key is not None:
        state["answered"].add(key)


def _check_may_repeat(may_repeat: Callable[[str, bool], bool]) -> None:
    """Whether it says of each method what a try on a small server shows."""
    for method in METHODS:
        for has_key in (False, True):
            once: State = {"rows": [], "row": "was", "tags": [], "answered": set()}
            _apply(once, method, "key" if has_key else None)
            twice = copy.deepcopy(once)
            _apply(twice, method, "key" if has_key else None)
            harmless = once == twice
            if bool(may_repeat(method, has_key)) != harmless:
                case = "with a key" if has_key else "without a key"
                raise NotYet(
                    f"{method} {case} was sent twice; the server is "
                    f"{'the same as after one' if harmless else 'not the same as after one'}."
                )


def _check_backoff(wait_s: Callable[[int, random.Random], float]) -> None:
    """Whether the waits grow, scatter over all of their range, and have an end."""
    chance = random.Random(1)
    means = []
    for attempt in range(10):
        waits = [wait_s(attempt, chance) for _ in range(400)]
        most = min(10.0, 0.1 * 2**attempt)
        if min(waits) < 0 or max(waits) > most + 1e-9:
            raise NotYet(
                f"Attempt {attempt} may wait from 0 to {most:g} s; one of yours is "
                f"{min(waits):.3g}, one {max(waits):.3g}."
            )
        if min(waits) > most * 0.1 or max(waits) < most * 0.9:
            raise NotYet(
                f"Attempt {attempt}: 400 clients wait from {min(waits):.3g} to {max(waits):.3g} s, "
                f"and could be scattered from 0 to {most:g} s."
            )
        means.append(sum(waits) / len(waits))
    if not means[0] < means[3] < means[6]:
        raise NotYet("A server that is still away is asked less and less often: let it grow.")


def _check_every_item(every_item: Callable[[Callable[[str | None], State]], Any]) -> None:
    """Whether all are found, each once, though somebody inserts in between."""
    for size in (0, 1, 7):
        names = [f"user-{number:02}" for number in range(size)]

        asked: list[str | None] = []

        def page(cursor: str | None, names: list[str] = names, asked: Any = asked) -> State:
            asked.append(cursor)
            if len(asked) > 100:
                raise NotYet("It asks for page after page, and never ends.")
            rest = [name for name in sorted(names) if cursor is None or name > cursor]
            names.append(f"aaa-{len(names)}")  # somebody comes, before all that was shown
            return {"items": rest[:3], "next": rest[2] if len(rest) > 3 else None}

        before = list(names)
        found = list(every_item(page))
        missing = [name for name in before if found.count(name) != 1]
        if missing:
            raise NotYet(f"Of {size} users, {missing[0]} is there {found.count(missing[0])} times.")


class _Row:
    """A user of whom somebody else changes something at the first tries."""

    def __init__(self, disturbances: int) -> None:
        self.version = 1
        self.value: State = {"username": "ada", "logins": 1}
        self.left = disturbances
        self.writes = 0

    def get(self) -> tuple[State, str]:
        return dict(self.value), f'"{self.version}"'

    def put(self, value: State, tag: str | None) -> int:
        if self.left:
            self.left -= 1
            self.version += 1
            self.value = self.value | {"logins": self.value["logins"] + 1}
        self.writes += 1
        if self.writes > 50:
            raise NotYet("It tries again and again, and never ends.")
        if tag != f'"{self.version}"':
            return 412
        self.version += 1
        self.value = dict(value)
        return 200


def _check_rename(rename: Callable[[Any, Any, str], Any]) -> None:
    """Whether the name is changed, and nothing that somebody else did is lost."""
    for disturbances in (0, 1, 3):
        row = _Row(disturbances)
        rename(row.get, row.put, "grace")
        if row.value["username"] != "grace":
            raise NotYet(f"{disturbances} others wrote first, and the name is still {row.value}.")
        if row.value["logins"] != 1 + disturbances:
            raise NotYet(
                f"{disturbances} others counted a login each; of {1 + disturbances} logins "
                f"{row.value['logins']} are left."
            )


EXERCISES: Final = {
    "may-repeat": Exercise(
        _check_may_repeat,
        [
            "imagine the server's state after one request, and after the same one again.",
            "the PATCH here adds an element to a list; not every PATCH would.",
            "a server that knows the key gives its first answer again, whatever the method.",
        ],
    ),
    "backoff": Exercise(
        _check_backoff,
        [
            "the longest wait doubles with every attempt, beginning with 0.1 s, up to 10 s.",
            "clients that failed together must not come back together: draw the wait.",
            "all of the range is used, from nothing to the longest (full jitter).",
        ],
    ),
    "every-item": Exercise(
        _check_every_item,
        [
            "`page(None)` is the first page; each page says where the next one begins.",
            "an offset counts rows, and rows come in between: use what the page says.",
        ],
    ),
    "rename": Exercise(
        _check_rename,
        [
            "`get()` gives the user and the tag; `put(user, tag)` gives a status.",
            "after a 412 what you have read is out of date: read it again.",
        ],
    ),
}
