"""What went over the wire, as text."""

import datetime

import requests

from eureke.learn import wire


def exchange(body: bytes) -> requests.Response:
    answer = requests.Response()
    answer.status_code, answer.reason, answer._content = 201, "Created", body
    answer.headers["Location"] = "/users/7"
    answer.headers["Date"] = "today"
    answer.elapsed = datetime.timedelta(milliseconds=3)
    asked = requests.Request("POST", "http://example.com/users?x=1", json={"username": "ada"})
    answer.request = asked.prepare()
    answer.request.headers["Authorization"] = "Bearer secret"
    return answer


def test_both_directions_with_the_headers_that_tell_something() -> None:
    """And never the token."""
    assert wire(exchange(b'{"id":7}')).splitlines() == [
        "→ POST /users?x=1",
        "    Content-Type: application/json",
        '    {"username": "ada"}',
        "← 201 Created  (3.0 ms)",
        "    Location: /users/7",
        '    {"id": 7}',
    ]


def test_a_long_body_is_cut_and_one_that_is_no_json_is_shown_as_it_is() -> None:
    """A screen is a screen."""
    long = wire(exchange(b'{"text": "' + b"word " * 2000 + b'"}')).splitlines()
    assert len(long) < 25
    assert "more lines" in long[-1]
    assert "no JSON" in wire(exchange(b"no JSON"))
    assert wire(exchange(b"")).endswith("Location: /users/7")
