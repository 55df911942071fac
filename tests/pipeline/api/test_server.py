"""What is behind the API, away: the cache is missed by nobody, the database by everybody."""

import contextlib
import sqlite3
import subprocess
import sys
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from tests.pipeline.api.conftest import Client, serving, two_replicas, with_own_users
from tests.waiting import wait_until

from eureke.settings import SETTINGS_VARIABLE
from eureke.stack.stack import Stack

ADA = {"username": "ada", "email": "ada@example.com"}


def test_without_the_cache_everything_works(lonely: tuple[Client, Path]) -> None:
    """What it holds it forgets by itself after a while."""
    client, _ = lonely
    made = client.post("/users", json=ADA)
    assert made.status_code == 201
    assert client.delete(made.headers["Location"]).status_code == 204


def test_what_one_replica_changes_is_not_shown_as_it_was_by_another(
    stack: Stack, tmp_path: Path
) -> None:
    """Both keep users in memory, and tell each other of changes; a frozen cache delays nobody."""
    with two_replicas(with_own_users(stack, tmp_path), tmp_path) as (one, two):
        at = one.post("/users", json=ADA).headers["Location"]

        def shown(email: str) -> bool:
            return bool(two.get(at).json().get("email") == email)

        for number in range(30):
            assert one.get(at).status_code == two.get(at).status_code == 200
            email = f"ada{number}@example.com"
            tag = one.patch(at, json={"email": email}).headers["ETag"]
            assert one.get(at).headers["ETag"] == tag
            wait_until(partial(shown, email), within_s=1, look_s=0.01)
        stack.pause("redis-cache")
        try:
            tag = one.patch(at, json={"email": "last@example.com"}).headers["ETag"]
            assert one.get(at).headers["ETag"] == tag
        finally:
            stack.resume("redis-cache")
        assert one.delete(at).status_code == 204
        wait_until(lambda: two.get(at).status_code == 404, within_s=1, look_s=0.01)


def test_users_who_were_imported_are_shown_at_once(stack: Stack, tmp_path: Path) -> None:
    """Everybody was replaced: what is kept of those before them is dropped."""
    with serving(with_own_users(stack, tmp_path), tmp_path) as (base, _), Client(base) as client:
        at = client.post("/users", json=ADA).headers["Location"]
        assert client.get(at).json()["username"] == "ada"
        row = dict.fromkeys(("quiet_from", "quiet_until", "cap"))
        grace = {"id": int(at.rpartition("/")[2]), "username": "grace", "email": "g@example.com"}
        people = [{**grace, "channels": "sms", "time_zone": "UTC", **row}]
        pq.write_table(pa.Table.from_pylist(people), tmp_path / "people.parquet")
        command = [sys.executable, "-m", "eureke.pipeline.users"]
        subprocess.run(
            [*command, "--import", str(tmp_path / "people.parquet")],
            env={SETTINGS_VARIABLE: str(tmp_path / "settings.json"), "PATH": "/usr/bin:/bin"},
            check=True,
            timeout=60,
        )

        def shown() -> bool:
            return bool(client.get(at).json().get("username") == "grace")

        wait_until(shown, within_s=1, look_s=0.01)


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
