"""Any patches in any order leave what RFC 7396 says, written down here a second time."""

from collections.abc import Callable, Iterator
from typing import Any
from zoneinfo import available_timezones

from hypothesis import given, settings
from hypothesis import strategies as some
from tests.pipeline.api.conftest import ALWAYS_THE_SAME, Client

CHANNELS = ("push", "email", "sms", "webhook")
DEFAULTS = {"channels": list(CHANNELS), "time_zone": "UTC", "quiet": None, "cap": None}
ZONES = sorted(available_timezones())
ADA = {"username": "ada", "email": "ada@example.com"}
HEADERS = {"Content-Type": "application/merge-patch+json"}
WRONG: tuple[Any, ...] = ("", "a b", "ada\n", 7, 2**80, -1, 1.5, True, [], [1], {}, {"cap": 1})
minutes = some.integers(0, 1439)
words = some.text("abc", min_size=1, max_size=4)
values = {
    "channels": some.lists(some.sampled_from(CHANNELS), min_size=1, max_size=4, unique=True),
    "time_zone": some.sampled_from(ZONES),
    "quiet": some.lists(minutes, min_size=2, max_size=2, unique=True),
    "cap": some.integers(1, 2**31 - 1),
}
wrong = some.none() | some.sampled_from(WRONG)
preferences = some.fixed_dictionaries(
    {}, optional={name: value | wrong for name, value in values.items()} | {"never": wrong}
)
patches = some.fixed_dictionaries(
    {},
    optional={
        "username": words | wrong,
        "email": words.map(lambda name: f"{name}@example.com") | wrong,
        "preferences": preferences | wrong,
        "id": wrong,
    },
)


def merge(target: Any, patch: Any) -> Any:
    """MergePatch of RFC 7396, section 2."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(merged.get(name), value)
    return merged


def as_user(said: dict[str, Any]) -> dict[str, Any] | None:
    """What is shown of a user of whom that is said; None where the API has no such user."""
    told = said.get("preferences", {})
    if not said.keys() <= {*ADA, "preferences"} or not isinstance(told, dict):
        return None
    if not told.keys() <= DEFAULTS.keys() or not said.keys() >= ADA.keys():
        return None
    whole = {**said, "preferences": DEFAULTS | told}
    return whole if all(CAN_BE[name](value) for name, value in _flat(whole)) else None


def _flat(user: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from user["preferences"].items()
    yield from ((name, user[name]) for name in ADA)


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and value != "" and not any(each.isspace() for each in value)


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2


CAN_BE: dict[str, Callable[[Any], bool]] = {
    "username": _is_word,
    "email": lambda value: _is_word(value) and "@" in value,
    "channels": lambda value: (
        isinstance(value, list) and value != [] and all(each in CHANNELS for each in value)
    ),
    "time_zone": lambda value: isinstance(value, str) and value in ZONES,
    "quiet": lambda value: value is None or _is_pair(value),
    "cap": lambda value: value is None or (type(value) is int and 1 <= value < 2**31),
}


@settings(ALWAYS_THE_SAME, max_examples=60)
@given(sequence=some.lists(patches, min_size=1, max_size=6))
def test_any_patches_one_after_another(door: Client, sequence: list[dict[str, Any]]) -> None:
    """Each is merged or refused as a whole; said twice, it changes nothing more."""
    made = door.post("/users", json=ADA)
    assert made.status_code == 201, made.text
    at = made.headers["Location"]
    shown = {**ADA, "preferences": DEFAULTS}
    tag = made.headers["ETag"]
    try:
        for patch in sequence:
            expected = as_user(merge(shown, patch))
            for _ in range(2):
                answer = door.patch(at, json=patch, headers=HEADERS)
                if expected is None:
                    assert answer.status_code == 422, (patch, answer.text)
                    continue
                assert answer.status_code == 200, (patch, answer.text)
                assert (answer.headers["ETag"] == tag) is (expected == shown)
                shown, tag = expected, answer.headers["ETag"]
            read = door.get(at)
            user = read.json()
            assert f"/users/{user.pop('id')}" == at
            assert (user, read.headers["ETag"]) == (shown, tag)
    finally:
        door.delete(at)
