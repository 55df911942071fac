"""Notifications over REST: 202 once Kafka has them, one effect under one key, told what became."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from confluent_kafka import Consumer, TopicPartition
from tests.pipeline.api.conftest import Client, served, serving, with_own_users
from tests.pipeline.api.test_users import is_problem
from tests.waiting import wait_until

from eureke.settings import Settings
from eureke.stack.stack import Stack

HELLO: dict[str, Any] = {
    "user_id": 4_000_000,
    "channel": "email",
    "template": "greeting",
    "data": {"to": "ada@example.com"},
}
NDJSON = {"Content-Type": "application/x-ndjson"}


@pytest.fixture(scope="module")
def settings(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Those of a stack that delivers, with users of the tests' own."""
    return with_own_users(stack, tmp_path_factory.mktemp("users"))


@pytest.fixture(scope="module")
def door(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of a server of its own, which may do everything."""
    for base in served(settings, tmp_path_factory.mktemp("door")):
        with Client(base) as client:
            yield client


def became(door: Client, notification_id: str, status: str) -> dict[str, Any]:
    """The status, once it is that."""
    found: dict[str, Any] = {}

    def so() -> bool:
        answer = door.get(f"/notifications/{notification_id}")
        assert answer.status_code == 200, answer.text
        found.update(answer.json())
        return bool(found["status"] == status)

    wait_until(so, within_s=20, what=f"{status!r} of {notification_id}")
    return found


def effects(stack: Stack) -> int:
    """How many the provider has had."""
    counts = requests.get(f"{stack.settings.provider_url}/counts", timeout=10).json()
    return int(counts["effects"])


def test_one_is_acknowledged_and_then_delivered(door: Client) -> None:
    """202 says where to ask; there it is at once, and delivered in the end."""
    answer = door.post("/notifications", json=HELLO)
    assert answer.status_code == 202
    accepted = answer.json()
    assert accepted["status"] == "accepted"
    assert answer.headers["Location"] == f"/notifications/{accepted['id']}"
    delivered = became(door, accepted["id"], "delivered")
    assert delivered == {
        "id": accepted["id"],
        "status": "delivered",
        "channel": "email",
        "attempts": 1,
    }


def test_what_it_may_have_become(door: Client) -> None:
    """A dead letter with its reason, expired, and what nobody has heard of."""
    nobody = door.post("/notifications", json=HELLO | {"data": {"to": "x@nowhere.invalid"}})
    assert became(door, nobody.json()["id"], "dead_lettered")["reason"]
    late = HELLO | {"id": "late", "created_ns": 10**18, "expires_ns": 10**18}
    assert door.post("/notifications", json=late).status_code == 202
    became(door, "late", "expired")
    is_problem(door.get("/notifications/never-heard-of"), 404)


@pytest.mark.parametrize("missing", ["data", "priority", "created_ns", "expires_ns", "id"])
def test_what_is_left_out_is_filled_in(door: Client, missing: str) -> None:
    """One that is whole goes in as it came; where anything is missing it would be malformed."""
    now_ns = time.time_ns()
    whole = HELLO | {"id": f"without-{missing}", "priority": "bulk", "created_ns": now_ns}
    whole |= {"expires_ns": now_ns + 10**12}
    del whole[missing]
    sent = door.post("/notifications", json=whole).json()
    assert became(door, sent["id"], "delivered")["id"] == sent["id"]


def test_a_users_newest_are_found_however_they_were_written(door: Client) -> None:
    """Made whole here, or whole as they came, with the client's own spaces."""
    ada = {"username": "ada-newest", "email": "ada@example.com"}
    user_id = door.post("/users", json=ada).json()["id"]
    now_ns = time.time_ns()
    whole = HELLO | {"id": "newest-1", "priority": "bulk", "user_id": user_id}
    whole |= {"created_ns": now_ns, "expires_ns": now_ns + 10**12}
    door.post("/notifications", json=whole)
    door.post("/notifications", json=HELLO | {"id": "newest-2", "user_id": user_id})
    door.post("/notifications", json=HELLO | {"id": "not-theirs", "user_id": user_id * 10})
    found = door.get(f"/users/{user_id}/notifications?limit=100").json()
    # Other tests' loads are for users of these numbers, too.
    ours = [each["id"] for each in found if each["id"].startswith(("newest", "not-theirs"))]
    assert ours == ["newest-2", "newest-1"]
    assert door.get(f"/users/{user_id}/notifications?limit=1").json() == found[:1]
    door.delete(f"/users/{user_id}")
    assert door.get(f"/users/{user_id}/notifications").status_code == 404


def test_one_without_an_outcome_is_accepted(door: Client, stack: Stack) -> None:
    """It stands in the log, after what its group has committed."""
    stack.pause("dispatcher-urgent-1")
    try:
        sent = door.post("/notifications", json=HELLO | {"priority": "urgent"}).json()
        assert door.get(f"/notifications/{sent['id']}").json()["status"] == "accepted"
    finally:
        stack.resume("dispatcher-urgent-1")
    became(door, sent["id"], "delivered")


def test_fifty_at_once_under_one_key_are_one(door: Client, stack: Stack) -> None:
    """The same answer to everybody, and one effect."""
    before = effects(stack)

    def send(_number: int) -> tuple[int, Any]:
        with Client(door.base) as client:
            answer = client.post("/notifications", json=HELLO, headers={"Idempotency-Key": "k-50"})
            return answer.status_code, answer.json()

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(send, range(50)))
    assert answers == [(202, {"id": "k-50", "status": "accepted"})] * 50
    became(door, "k-50", "delivered")
    last = door.post("/notifications", json=HELLO, headers={"Idempotency-Key": "k-last"})
    became(door, last.json()["id"], "delivered")
    assert effects(stack) == before + 2


def test_a_key_says_one_thing(door: Client) -> None:
    """422 where the body is another one; a key that cannot be is 400."""
    key = {"Idempotency-Key": "said-once"}
    assert door.post("/notifications", json=HELLO, headers=key).status_code == 202
    is_problem(door.post("/notifications", json=HELLO | {"channel": "sms"}, headers=key), 422)
    for never in ("", "x" * 200, "a/b", "ä"):
        headers = {"Idempotency-Key": never.encode()}
        is_problem(door.post("/notifications", json=HELLO, headers=headers), 400)


def test_many_as_an_array_and_line_by_line(door: Client) -> None:
    """Each is told apart; what is wrong with one keeps back no other."""
    good = [HELLO | {"id": f"many-{number}"} for number in range(3)]
    answer = door.post("/notifications", json=good)
    assert answer.status_code == 202
    assert [each["id"] for each in answer.json()["items"]] == ["many-0", "many-1", "many-2"]

    lines = [json.dumps(HELLO), "", "{", json.dumps(HELLO | {"channel": "pigeon"}), "null"]
    answer = door.post("/notifications", data="\n".join(lines), headers=NDJSON)
    assert answer.status_code == 207
    told = answer.json()
    assert told["accepted"] == 1
    assert [each["status"] for each in told["items"]] == [202, 422, 422, 422]
    assert "pigeon" in told["items"][2]["detail"]
    became(door, told["items"][0]["id"], "delivered")


def test_many_under_one_key(door: Client) -> None:
    """Those without an id get the key and their number, so that a repeat is no news."""
    key = {"Idempotency-Key": "batch"}
    answers = [door.post("/notifications", json=[HELLO, HELLO], headers=key) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert [each["id"] for each in answers[0].json()["items"]] == ["batch-0", "batch-1"]


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"[]", {}, 422),
        (b"\n\n", NDJSON, 422),
        (b"[1, 2]", {}, 422),
        (b"[" + b'{"a": 1},' * 2 + b"1]", {}, 422),
        (b"[1,", {}, 400),
        (b"{", {}, 400),
        (b'"text"', {}, 422),
        (b'{"user_id": 1}', {}, 422),
        (b"\xff\xfe", {}, 400),
        (b'{"user_id": 1, "channel": "email", "template": "\\ud800"}', {}, 400),
        (b'{"user_id": 1, "channel": "email", "template": "a\\u0000b"}', {}, 422),
        (b'{"user_id": 1, "channel": "email", "template": "t", "id": "a b"}', {}, 422),
        (b'{"user_id": 1, "channel": "email", "template": "t", "id": "a\\n"}', {}, 422),
        (b'{"user_id": 1, "channel": "email", "template": "t\\n"}', {}, 422),
        (b'{"user_id": 1, "channel": "email", "template": "t", "created_ns": 1e400}', {}, 422),
        (b'{"user_id": 99999999999999999999, "channel": "email", "template": "t"}', {}, 422),
        (b'{"user_id": 1, "channel": "email", "template": "t", "what": 1}', {}, 422),
        (b'{"user_id": 1, "channel": "email", "template": "' + b"t" * 101 + b'"}', {}, 422),
        (b'{"data": {"a": "' + b"t" * 70_000 + b'"}}', {}, 413),
        (b"[" * 100_000, {}, 400),
        (b"0\n" * 50_001, NDJSON, 413),
        (b" " * 33 * 2**20, {}, 413),
        (b"{}", {"Content-Type": "text/plain"}, 415),
    ],
)
def test_a_body_that_cannot_be(
    door: Client, body: bytes, headers: dict[str, str], status: int
) -> None:
    """The right 4xx, and never a 500."""
    headers = {"Content-Type": "application/json"} | headers
    answer = door.post("/notifications", data=body, headers=headers)
    assert answer.status_code == status, answer.text
    if "json" in answer.headers["content-type"]:
        assert "Traceback" not in answer.text


def test_without_kafka_nothing_is_accepted(lonely: tuple[Client, Path]) -> None:
    """503 says when to try again, one or many; and so does the status."""
    client, _ = lonely
    for body in (HELLO, [HELLO, HELLO]):
        answer = client.post("/notifications", json=body)
        is_problem(answer, 503)
        assert answer.headers["Retry-After"]
    is_problem(client.get("/notifications/whatever"), 503)


def test_a_server_killed_in_mid_request_costs_no_effect(
    settings: Settings, stack: Stack, tmp_path: Path
) -> None:
    """The client does not know; it repeats under the key, elsewhere, and there is one effect."""
    before = effects(stack)
    key = {"Idempotency-Key": "killed"}
    with (
        serving(settings, tmp_path) as (base, process),
        Client(base) as client,
        ThreadPoolExecutor(1) as pool,
    ):
        stack.pause("kafka")  # not for longer than the dispatcher's session lasts
        try:
            asked = pool.submit(client.post, "/notifications", json=HELLO, headers=key)
            wait_until(lambda: _is_in(base, process), within_s=10, what="the request")
            process.send_signal(signal.SIGKILL)
        finally:
            stack.resume("kafka")
        with pytest.raises(requests.ConnectionError):
            asked.result(20)
    with serving(settings, tmp_path) as (base, _), Client(base) as client:
        answer = client.post("/notifications", json=HELLO, headers=key)
        assert (answer.status_code, answer.json()["id"]) == (202, "killed")
        became(client, "killed", "delivered")
    assert effects(stack) == before + 1


def _is_in(base: str, process: subprocess.Popen[bytes]) -> bool:
    """Whether the server has a request in hand that it has not answered."""
    assert process.poll() is None
    text = requests.get(f"{base}/metrics", timeout=5).text
    return "eureke_api_requests_in_progress 2.0" in text  # it, and this one


def test_a_request_is_known_by_its_id_everywhere(door: Client, settings: Settings) -> None:
    """In the answer, and in the header of the record in Kafka; one that cannot be is replaced."""
    topic = settings.lane("bulk").topic
    consumer = Consumer({**settings.kafka_client, "group.id": "none"})
    places = [TopicPartition(topic, at) for at in range(settings.partitions)]
    for at in places:
        _, at.offset = consumer.get_watermark_offsets(at, timeout=10)
    named = {"X-Request-Id": "from-the-client"}
    answer = door.post("/notifications", json=HELLO | {"id": "traced"}, headers=named)
    assert answer.headers["X-Request-Id"] == "from-the-client"
    other = door.get("/notifications/traced", headers={"X-Request-Id": "no good {}"})
    assert other.headers["X-Request-Id"] not in ("", "no good {}")

    try:
        consumer.assign(places)
        found: list[Any] = []

        def there() -> bool:
            message = consumer.poll(1)
            if message is not None and b'"traced"' in (message.value() or b""):
                found.extend(message.headers() or [])
            return bool(found)

        wait_until(there, within_s=20, what="the record")
    finally:
        consumer.close()
    assert found == [("request-id", b"from-the-client")]


def test_what_prometheus_is_told_and_the_access_log(settings: Settings, tmp_path: Path) -> None:
    """By route, never by path; the log has a line for each request, as JSON."""
    with serving(settings, tmp_path) as (base, process), Client(base) as client:
        client.get("/users/999001")
        client.get("/users/999002")
        for number in range(20):
            client.get(f"/nowhere/{number}")
        text = client.get("/metrics").text
        assert 'eureke_api_requests_total{method="GET",route="/users/{user_id}",' in text
        assert "nowhere" not in text
        process.terminate()
        process.wait(10)
    lines = [json.loads(line) for line in (tmp_path / "api.log").read_text().splitlines()]
    paths = [line["path"] for line in lines if line["path"].startswith("/users")]
    assert paths == ["/users/999001", "/users/999002"]
    (line,) = [line for line in lines if line["path"] == "/users/999001"]
    assert (line["method"], line["status"], line["client"]) == ("GET", 404, "127.0.0.1")
    assert line["duration_ms"] > 0
