"""What schemathesis cannot know of the API's values."""

import itertools
import json
from typing import Any
from zoneinfo import available_timezones

import schemathesis
from hypothesis import strategies

KEY = "Idempotency-Key"
LINE = {"user_id": 1, "channel": "email", "template": "greeting"}
LINES = json.dumps(LINE).encode() + b"\n"
NDJSON = "application/x-ndjson"
schemathesis.openapi.media_type(NDJSON, strategies.just(LINES))
schemathesis.openapi.format("time-zone", strategies.sampled_from(sorted(available_timezones())))
numbers = itertools.count()


@schemathesis.hook
def map_case(_context: Any, case: Any) -> Any:
    """A case that the API can take, where it is meant to be one."""
    modes = [case.meta.generation.mode, *(each.mode for each in case.meta.components.values())]
    if all(mode.is_positive for mode in modes):
        if KEY in (case.headers or {}):
            # One that comes again with another body is refused.
            case.headers[KEY] = f"key-{next(numbers)}"
        case.body = without_points(case.body)
    elif case.media_type == NDJSON:
        case.body = b"{\n"  # a kind's own values are always such as can be
    return case


def without_points(value: Any) -> Any:
    """To JSON Schema 1.0 is an integer, to the API (and to msgspec) it is none."""
    if isinstance(value, dict):
        return {name: without_points(each) for name, each in value.items()}
    if isinstance(value, list):
        return [without_points(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@schemathesis.hook
def filter_case(_context: Any, case: Any) -> bool:
    """No lines where values are mutated: schemathesis takes a kind's own for mutated ones.

    test_notifications.py sends lines that cannot be.
    """
    return bool(case.media_type != NDJSON)
