"""Users over REST, by a real client against a real server."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from tests.pipeline.api.conftest import TOKENS, Client

from eureke.pipeline.cursors import cursor_of

ADA = {"username": "ada", "email": "ada@example.com"}
DEFAULTS = {
    "channels": ["push", "email", "sms", "webhook"],
    "time_zone": "UTC",
    "quiet": None,
    "cap": None,
}


def made(client: Client, **fields: Any) -> dict[str, Any]:
    answer = client.post("/users", json=ADA | fields)
    assert answer.status_code == 201, answer.text
    user: dict[str, Any] = answer.json()
    return user


def is_problem(answer: requests.Response, status: int) -> dict[str, Any]:
    """An error says what is wrong in one form, and nothing of the inside."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert told["status"] == status
    assert told["title"]
    for inside in ("Traceback", "sqlalchemy", "SELECT", "INSERT", TOKENS["write"]):
        assert inside not in answer.text
    return told


def test_made_and_read(client: Client) -> None:
    """201 says where it is; what was left out has its default."""
    answer = client.post("/users", json=ADA)
    assert answer.status_code == 201
    user = answer.json()
    assert answer.headers["Location"] == f"/users/{user['id']}"
    assert user == {"id": user["id"], **ADA, "preferences": DEFAULTS}
    read = client.get(answer.headers["Location"])
    assert read.json() == user
    assert read.headers["ETag"] == answer.headers["ETag"]
    seen = client.head(answer.headers["Location"])
    assert (seen.status_code, seen.content) == (200, b"")
    assert seen.headers["ETag"] == read.headers["ETag"]
    assert client.head("/users/9999999").status_code == 404


def test_replaced(client: Client) -> None:
    """PUT is the whole user: what it leaves out goes back to its default."""
    user = made(client, preferences={"channels": ["sms"], "cap": 2})
    answer = client.put(f"/users/{user['id']}", json=ADA | {"email": "ada@example.org"})
    assert answer.status_code == 200
    expected = {"id": user["id"], **ADA, "email": "ada@example.org", "preferences": DEFAULTS}
    assert answer.json() == client.get(f"/users/{user['id']}").json() == expected


def test_changed(client: Client) -> None:
    """PATCH names what changes; null goes back to the default, depth included (RFC 7396)."""
    user = made(client, preferences={"channels": ["sms"], "cap": 2, "quiet": [1320, 420]})
    patch = {"email": "ada@example.org", "preferences": {"cap": None, "time_zone": "Europe/Berlin"}}
    answer = client.patch(f"/users/{user['id']}", json=patch)
    assert answer.status_code == 200
    expected = {
        "channels": ["sms"],
        "cap": None,
        "quiet": [1320, 420],
        "time_zone": "Europe/Berlin",
    }
    assert answer.json()["preferences"] == expected
    assert answer.json()["username"] == "ada"
    assert client.get(f"/users/{user['id']}").json() == answer.json()


def test_removed(client: Client) -> None:
    """204, and then it is not there."""
    user = made(client)
    assert client.delete(f"/users/{user['id']}").status_code == 204
    for answer in (
        client.get(f"/users/{user['id']}"),
        client.delete(f"/users/{user['id']}"),
        client.put(f"/users/{user['id']}", json=ADA),
        client.patch(f"/users/{user['id']}", json={"email": "a@b.c"}),
    ):
        is_problem(answer, 404)


def test_what_a_client_has_already_is_not_sent_again(client: Client) -> None:
    """304 by If-None-Match, weak comparison included."""
    user = made(client)
    tag = client.get(f"/users/{user['id']}").headers["ETag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = client.get(f"/users/{user['id']}", headers={"If-None-Match": known})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["ETag"] == tag
        seen = client.head(f"/users/{user['id']}", headers={"If-None-Match": known})
        assert (seen.status_code, seen.headers["ETag"]) == (304, tag)
    changed = client.patch(f"/users/{user['id']}", json={"email": "ada@example.org"})
    assert changed.headers["ETag"] != tag
    answer = client.get(f"/users/{user['id']}", headers={"If-None-Match": tag})
    assert answer.status_code == 200


def test_two_who_change_the_same_user_do_not_overwrite_each_other(client: Client) -> None:
    """412 by If-Match: the second has not seen what the first did."""
    user = made(client)
    at = f"/users/{user['id']}"
    tag = client.get(at).headers["ETag"]
    first = client.patch(at, json={"email": "one@example.com"}, headers={"If-Match": tag})
    assert first.status_code == 200
    for answer in (
        client.patch(at, json={"email": "two@example.com"}, headers={"If-Match": tag}),
        client.put(at, json=ADA, headers={"If-Match": tag}),
        client.delete(at, headers={"If-Match": tag}),
    ):
        is_problem(answer, 412)
    assert client.get(at).json()["email"] == "one@example.com"
    assert client.delete(at, headers={"If-Match": first.headers["ETag"]}).status_code == 204


def test_made_once_under_one_key(client: Client) -> None:
    """The first answer again, fifty times at once; another body under it is refused."""
    headers = {"Idempotency-Key": "ada-once"}

    def create(_number: int) -> Any:
        with Client(client.base) as other:
            return other.post("/users", json=ADA, headers=headers).json()

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(create, range(50)))
    assert answers == [answers[0]] * 50
    assert client.get("/users").json()["items"] == [answers[0]]
    is_problem(client.post("/users", json=ADA | {"username": "bob"}, headers=headers), 422)
    client.patch(f"/users/{answers[0]['id']}", json={"email": "ada@example.org"})
    again = client.post("/users", json=ADA, headers=headers)
    assert (again.status_code, again.json()) == (201, answers[0])
    is_problem(client.post("/users", json=ADA, headers={"Idempotency-Key": "other"}), 409)


def test_a_name_that_is_taken(client: Client) -> None:
    """409, by POST, PUT and PATCH; nothing is half done."""
    made(client)
    bob = made(client, username="bob", email="bob@example.com")
    is_problem(client.post("/users", json=ADA), 409)
    is_problem(client.put(f"/users/{bob['id']}", json=ADA), 409)
    is_problem(client.patch(f"/users/{bob['id']}", json={"username": "ada"}), 409)
    assert client.get(f"/users/{bob['id']}").json() == bob


@pytest.mark.parametrize("sort", ["id", "-id", "username", "-username", "email", "-email"])
def test_every_user_is_on_one_page(client: Client, sort: str) -> None:
    """In order, each once, whatever the order; the link is the cursor."""
    for number in range(13):
        email = f"{(number * 5) % 13:02d}@example.com"
        made(client, username=f"user{(number * 7) % 13:02d}", email=email)
    seen: list[dict[str, Any]] = []
    address = f"/users?limit=4&sort={sort}"
    while address:
        answer = client.get(address)
        assert answer.status_code == 200
        seen += answer.json()["items"]
        address = answer.links.get("next", {}).get("url", "")
    name = sort.removeprefix("-")
    values = [user[name] for user in seen]
    assert len({user["id"] for user in seen}) == len(seen) == 13
    assert values == sorted(values, reverse=sort.startswith("-"))


def test_found_by_name(client: Client) -> None:
    """A filter; nobody is an empty list, not an error."""
    user = made(client)
    assert client.get("/users?username=ada").json() == {"items": [user], "next": None}
    assert client.get("/users?username=nobody").json() == {"items": [], "next": None}


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/users?limit=0", 400),
        ("/users?limit=101", 400),
        ("/users?limit=many", 400),
        ("/users?sort=password", 422),
        ("/users?cursor=made-up", 422),
        ("/users?cursor=WyItaWQiLDEsMV0", 422),
        (f"/users?cursor={cursor_of(2**80, 1, 'id')}", 422),
        (f"/users?cursor={cursor_of(1, 2**80, 'id')}", 422),
        (f"/users?sort=email&cursor={cursor_of(chr(0), 1, 'email')}", 422),
        ("/users/9999999", 404),
        ("/users/99999999999999999999", 404),
        ("/users/-1", 404),
        ("/users/one", 404),
        ("/nothing", 404),
    ],
)
def test_an_address_that_cannot_be(client: Client, address: str, status: int) -> None:
    """Each with the status that says whose fault it is."""
    is_problem(client.get(address), status)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"username": ""}, "username"),
        ({"username": "a b"}, "username"),
        ({"username": "x" * 65}, "username"),
        ({"username": 3}, "username"),
        ({"username": "nul\x00"}, "username"),
        ({"username": "ada\n"}, "username"),
        ({"username": "\x1eada"}, "username"),
        ({"email": "nobody"}, "email"),
        ({"email": "a@" + "b" * 254}, "email"),
        ({"email": "a@b\n"}, "email"),
        ({"admin": True}, "admin"),
        ({"preferences": {"channels": []}}, "channels"),
        ({"preferences": {"channels": ["pigeon"]}}, "channels"),
        ({"preferences": {"channels": ["sms", "sms"]}}, "channel twice"),
        ({"preferences": {"channels": ["sms"] * 30}}, "channels"),
        ({"preferences": {"cap": 0}}, "cap"),
        ({"preferences": {"cap": 2**31}}, "cap"),
        ({"preferences": {"cap": 2**80}}, "cap"),
        ({"preferences": {"quiet": [0, 1440]}}, "quiet"),
        ({"preferences": {"time_zone": "Mars/Olympus"}}, "Mars/Olympus"),
    ],
)
def test_a_user_who_cannot_be(client: Client, changed: dict[str, Any], field: str) -> None:
    """422 names the field, by POST, PUT and PATCH alike."""
    user = made(client, username="eve", email="eve@example.com")
    at = f"/users/{user['id']}"
    for answer in (
        client.post("/users", json=ADA | changed),
        client.put(at, json=ADA | changed),
        client.patch(at, json=changed),
    ):
        is_problem(answer, 422)
        assert field in answer.text
    assert client.get("/users").json()["items"] == [user]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{'username': 1}",
        b"\xff\xfe",
        b'{"username": "\\ud800"}',
        b"nul\x00",
        b"[" * 100_000,
    ],
)
def test_a_body_that_is_no_json(client: Client, body: bytes) -> None:
    """400, by whatever method."""
    user = made(client)
    for method, address in (("POST", "/users"), ("PUT", "/users/1"), ("PATCH", "/users/1")):
        at = address.replace("1", str(user["id"]))
        answer = client.request(method, at, data=body, headers={"Content-Type": "application/json"})
        is_problem(answer, 400)


def test_kinds_of_content(client: Client) -> None:
    """415 says what is taken, 406 what is given, 413 that it is too much, 405 what may be done."""
    text = {"Content-Type": "text/plain"}
    answer = client.post("/users", data=b"{}", headers=text)
    is_problem(answer, 415)
    assert answer.headers["Accept-Post"] == "application/json"
    is_problem(client.get("/users", headers={"Accept": "image/png"}), 406)
    is_problem(client.post("/users", json=ADA | {"username": "x" * (2 << 20)}), 413)
    answer = client.put("/users", json=ADA)
    is_problem(answer, 405)
    assert set(answer.headers["Allow"].split(", ")) >= {"GET", "POST"}


def test_what_can_be_done_at_an_address(client: Client) -> None:
    """OPTIONS tells of all of it."""
    for address, methods in (
        ("/users", "GET, OPTIONS, POST"),
        ("/users/1", "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"),
        ("/notifications", "OPTIONS, POST"),
    ):
        answer = client.options(address)
        assert (answer.status_code, answer.headers["Allow"]) == (204, methods)


def test_a_name_that_is_not_the_servers_own(client: Client) -> None:
    """A page may point its own name at this address; it gets nothing by it."""
    for name in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", ""):
        is_problem(client.get("/users", headers={"Host": name}), 421)
    assert client.get("/users", headers={"Host": "localhost:1234"}).status_code == 200


@pytest.mark.parametrize("address", ["/docs", "/graphiql", "/pages/docs.js", "/pages/graphql.js"])
def test_pages_load_nothing_from_outside(api: str, address: str) -> None:
    """They say so to the browser, too."""
    answer = requests.get(f"{api}{address}", timeout=10)
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "//" not in answer.text.replace("!doctype", "")
