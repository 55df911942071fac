"""Subscriptions in a plain loop, against a server that goes away and comes back."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.pipeline.api.conftest import TOKENS, Client, serving, with_own_users

from eureke.clients import follow
from eureke.errors import ServiceFailed
from eureke.settings import Settings
from eureke.stack.stack import Stack

STATUS = "subscription ($id: ID!) { notificationStatus(id: $id) { status final } }"
HELLO = {"user_id": 4_000_001, "channel": "email", "template": "t", "data": {"to": "a@example.com"}}


@pytest.fixture(scope="module")
def settings(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Those of a stack that delivers, with users of the tests' own."""
    return with_own_users(stack, tmp_path_factory.mktemp("users"))


@pytest.fixture
def base(settings: Settings, tmp_path: Path) -> Iterator[str]:
    """The address of a server."""
    with serving(settings, tmp_path) as (found, _):
        yield found


def test_a_notification_is_followed_to_its_end(base: str) -> None:
    """Asked for before it is sent; the last answer is final, and the loop ends."""
    answers = follow(f"{base}/graphql", STATUS, token=TOKENS["read"], id="followed")
    with Client(base) as client:
        client.post("/notifications", json=HELLO | {"id": "followed"})
    told = [answer["notificationStatus"] for answer in answers]
    assert told[-1] == {"status": "delivered", "final": True}


def test_a_loop_that_runs_already_is_no_obstacle(base: str) -> None:
    """As in the kernel of a notebook."""

    async def in_a_notebook() -> list[str]:
        with Client(base) as client:
            client.post("/notifications", json=HELLO | {"id": "in-a-loop"})
        answers = follow(f"{base}/graphql", STATUS, token=TOKENS["read"], id="in-a-loop")
        return [answer["notificationStatus"]["status"] for answer in answers]

    assert asyncio.run(in_a_notebook())[-1] == "delivered"


def test_without_the_right_token_nobody_follows(base: str) -> None:
    """The server refuses the socket's first message."""
    with pytest.raises(ServiceFailed, match="token"):
        list(follow(f"{base}/graphql", STATUS, token="wrong", patience_s=0, id="x"))  # noqa: S106


def test_a_server_killed_and_started_again_within_the_patience(
    settings: Settings, stack: Stack, tmp_path: Path
) -> None:
    """Nothing that matters is missed: what is known is told first."""
    stack.pause("dispatcher-bulk-1")
    try:
        with serving(settings, tmp_path) as (base, process), Client(base) as client:
            client.post("/notifications", json=HELLO | {"id": "survives"})
            answers = follow(
                f"{base}/graphql", STATUS, token=TOKENS["read"], patience_s=5, id="survives"
            )
            assert next(answers)["notificationStatus"]["status"] == "accepted"
            process.kill()
            process.wait(5)
        port = int(base.rpartition(":")[2])
        with serving(settings, tmp_path, port=port):
            stack.resume("dispatcher-bulk-1")
            told = [answer["notificationStatus"]["status"] for answer in answers]
    finally:
        stack.resume("dispatcher-bulk-1")
    assert told[-1] == "delivered"


def test_one_that_stays_away_is_an_error(settings: Settings, tmp_path: Path) -> None:
    """In one sentence with a remedy."""
    with serving(settings, tmp_path) as (base, _):
        pass
    with pytest.raises(ServiceFailed, match="ended") as caught:
        next(follow(f"{base}/graphql", STATUS, token=TOKENS["read"], patience_s=0.5, id="x"))
    assert "eureke status" in caught.value.remedy
