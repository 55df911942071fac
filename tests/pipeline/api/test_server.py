"""What is behind the API, away: the cache is missed by nobody, the database by everybody."""

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.pipeline.api.conftest import TOKENS, Client, served

from eureke.settings import Settings
from eureke.stack.ports import free_ports

ADA = {"username": "ada", "email": "ada@example.com"}


@pytest.fixture
def lonely(tmp_path: Path) -> Iterator[tuple[Client, Path]]:
    """A server without Redis, and the file of its database."""
    (nobody,) = free_ports(1)
    database = tmp_path / "users.db"
    settings = Settings(
        kafka=f"127.0.0.1:{nobody}",
        redis_queue=f"redis://127.0.0.1:{nobody}/0",
        redis_cache=f"redis://127.0.0.1:{nobody}/0",
        provider_url=f"http://127.0.0.1:{nobody}",
        users_url=f"sqlite:///{database}",
    )
    for base in served(replace(settings, api_tokens=TOKENS), tmp_path):
        with Client(base) as client:
            yield client, database


def test_without_the_cache_everything_works(lonely: tuple[Client, Path]) -> None:
    """What it holds it forgets by itself after a while."""
    client, _ = lonely
    made = client.post("/users", json=ADA)
    assert made.status_code == 201
    assert client.delete(made.headers["Location"]).status_code == 204


def test_without_the_database_nothing_is_half_done(lonely: tuple[Client, Path]) -> None:
    """503 says when to try again, and nothing of the inside."""
    client, database = lonely
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("DROP TABLE preferences")
        connection.execute("DROP TABLE users")
    for answer in (client.get("/users"), client.post("/users", json=ADA), client.get("/users/1")):
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
        assert "table" not in answer.text.lower()
        assert str(database) not in answer.text
