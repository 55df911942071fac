"""How often a token may ask: told in every answer, kept by all replicas together."""

from pathlib import Path

import pytest
from tests.pipeline.api.conftest import TOKENS, Client, serving, two_replicas, with_own_users
from tests.pipeline.api.test_users import is_problem
from tests.waiting import wait_until

from eureke.settings import Settings
from eureke.stack.stack import Stack

MOST = 20


@pytest.fixture
def settings(stack: Stack, tmp_path: Path) -> Settings:
    """Of a server that takes few requests a minute; its counts are in a place of their own."""
    return with_own_users(stack, tmp_path, api_requests_per_minute=MOST, prefix=tmp_path.name)


def early_in_a_minute(client: Client) -> None:
    """Returns when the minute that is counted has some time left."""

    def early() -> bool:
        return int(client.get("/users/1").headers["RateLimit-Reset"]) > 15

    wait_until(early, within_s=20, what="the next minute", look_s=1)


def test_a_token_has_so_many_and_no_more(settings: Settings, tmp_path: Path) -> None:
    """429 says when to come again; another token has its own, and the health is anybody's."""
    with (
        serving(settings, tmp_path) as (base, _),
        Client(base, TOKENS["read"]) as reader,
        Client(base) as writer,
    ):
        early_in_a_minute(reader)
        left: list[int] = []
        answer = reader.get("/users")
        while answer.status_code == 200:
            left.append(int(answer.headers["RateLimit-Remaining"]))
            assert answer.headers["RateLimit-Limit"] == str(MOST)
            answer = reader.get("/users")
        assert left == list(range(left[0], -1, -1))
        is_problem(answer, 429)
        assert 0 < int(answer.headers["Retry-After"]) <= 61
        assert writer.get("/users").status_code == 200
        assert reader.get("/health").status_code == 200


def test_replicas_count_together(settings: Settings, tmp_path: Path) -> None:
    """What one has let through, the other will not."""
    with two_replicas(settings, tmp_path) as (one, two):
        early_in_a_minute(one)
        while one.get("/users").status_code == 200:
            pass
        asked = 0

        def refused() -> bool:
            nonlocal asked
            asked += 1
            return two.get("/users").status_code == 429

        wait_until(refused, within_s=5, look_s=0.4)
        assert asked < MOST, "it has only counted its own"
