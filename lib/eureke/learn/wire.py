"""What went over the wire: a request and its answer, as text that one can read."""

import json
import textwrap
from collections.abc import Iterable, Mapping
from typing import Final

import requests

SHOWN: Final = (
    "accept",
    "accept-post",
    "accept-patch",
    "allow",
    "content-type",
    "etag",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "link",
    "location",
    "retry-after",
    "www-authenticate",
)
"""Headers that tell something; the others are on every message."""
TELLS_NOTHING: Final = {("accept", "*/*")}
LINES_MOST: Final = 12
WIDTH: Final = 96


def wire(answer: requests.Response) -> str:
    """A request and its answer: method, status, the headers that tell something, the bodies."""
    request = answer.request
    path = request.path_url
    elapsed_ms = answer.elapsed.total_seconds() * 1000
    return "\n".join(
        [
            f"→ {request.method} {path}",
            *_indented(_headers(request.headers)),
            *_indented(_body(request.body)),
            f"← {answer.status_code} {answer.reason}  ({elapsed_ms:.1f} ms)",
            *_indented(_headers(answer.headers)),
            *_indented(_body(answer.content)),
        ]
    )


def _headers(headers: Mapping[str, str]) -> Iterable[str]:
    for name, value in headers.items():
        if name.lower() in SHOWN and (name.lower(), value) not in TELLS_NOTHING:
            yield f"{name.title()}: {value}"


def _body(body: bytes | str | None) -> Iterable[str]:
    if not body:
        return
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    try:
        value = json.loads(text)
    except ValueError:
        lines = text.splitlines()
    else:
        lines = textwrap.wrap(json.dumps(value, ensure_ascii=False), WIDTH)
    yield from lines[:LINES_MOST]
    if len(lines) > LINES_MOST:
        yield f"… {len(lines) - LINES_MOST} more lines"


def _indented(lines: Iterable[str]) -> Iterable[str]:
    return (f"    {line}" for line in lines)
