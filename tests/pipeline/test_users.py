"""The users database: taken over as a whole or not at all."""

import contextvars
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import insert, select, text

from eureke.errors import BadParameter, EurekeError, LoadFailed
from eureke.pipeline.directory import ENDS_S, Directory, told
from eureke.pipeline.policy import Preferences
from eureke.pipeline.tables import USERS
from eureke.pipeline.users import read_users
from eureke.scenario import Scenario
from eureke.world.people import people, write_people

USER: dict[str, Any] = {
    "id": 1,
    "username": "user1",
    "email": "user1@example.com",
    "channels": "email,sms",
    "time_zone": "Europe/Berlin",
    "quiet_from": 1320,
    "quiet_until": 420,
    "cap": 3,
}


@pytest.fixture
def directory(tmp_path: Path) -> Directory:
    return Directory(f"sqlite:///{tmp_path / 'users.db'}")


def test_what_was_put_in_comes_out(directory: Directory) -> None:
    """And users that nobody knows are left out."""
    plain = USER | {"id": 2, "username": "user2", "quiet_from": None, "quiet_until": None}
    assert directory.replace_all(iter([USER, plain | {"cap": None}])) == 2
    assert directory.preferences([1, 2, 3]) == {
        1: Preferences(("email", "sms"), "Europe/Berlin", (1320, 420), 3),
        2: Preferences(("email", "sms"), "Europe/Berlin"),
    }


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"channels": ""}, "user 1 name no channel"),
        ({"time_zone": "Mars/Olympus"}, "unknown time zone 'Mars/Olympus'"),
        ({"cap": 0}, "a cap of 0"),
        ({"quiet_until": None}, "quiet hours of user 1 have no end"),
    ],
)
def test_one_wrong_user_leaves_everything_as_it_was(
    directory: Directory, wrong: dict[str, Any], said: str
) -> None:
    """One sentence with the remedy, and nobody is lost."""
    directory.replace_all(iter([USER | {"id": 9, "username": "user9"}]))
    with pytest.raises(BadParameter, match=said):
        directory.replace_all(iter([USER | {"id": 8, "username": "user8"}, USER | wrong]))
    assert list(directory.preferences([1, 8, 9])) == [9]


def test_two_users_of_one_name_are_an_error_with_a_remedy(directory: Directory) -> None:
    """What the database says, without its traceback."""
    with pytest.raises(EurekeError, match="the users database cannot be written"):
        directory.replace_all(iter([USER, USER | {"id": 2}]))


def test_many_open_a_new_database_at_once(tmp_path: Path) -> None:
    """Dispatchers start at the same moment; SQLite alone would say that it is locked."""
    url = f"sqlite:///{tmp_path / 'users.db'}"
    with ThreadPoolExecutor(8) as pool:
        for each in pool.map(lambda _: Directory(url), range(16)):
            assert each.preferences([1]) == {}


def test_a_table_with_other_columns_is_told(tmp_path: Path) -> None:
    """Which are missing, and which there should be."""
    path = tmp_path / "users.parquet"
    pq.write_table(pa.table({"id": [1], "email": ["a@example.com"]}), path)
    with pytest.raises(LoadFailed, match="lacks the columns cap, channels") as told:
        list(read_users(path))
    assert "username" in told.value.remedy


@pytest.mark.parametrize("content", [None, b"id,username\n1,a\n"])
def test_a_table_that_is_none_is_told(tmp_path: Path, content: bytes | None) -> None:
    """Missing, or not Parquet."""
    path = tmp_path / "users.parquet"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(LoadFailed, match="cannot be read"):
        list(read_users(path))


def test_the_people_of_a_scenario_can_be_taken_over(directory: Directory, tmp_path: Path) -> None:
    """As many as it names, each with what the world knows of them."""
    scenario = Scenario(users=2000, quiet_share=0.5, capped_share=0.5, opted_out_share=0.3)
    path = tmp_path / "people.parquet"
    write_people(scenario, path)
    assert directory.replace_all(read_users(path)) == 2000
    found, whose = directory.preferences(range(2000)), people(scenario)
    assert len(found) == 2000
    for number, preferences in found.items():
        assert (preferences.quiet is not None) == whose.quiet[number]
        assert (preferences.cap or 0) == whose.cap[number]
        assert len(preferences.channels) == int(whose.channels[number]).bit_count()


def test_with_ones_own_notifications_nobody_is_known(directory: Directory, tmp_path: Path) -> None:
    """Made-up preferences must not hold back a reader's own."""
    path = tmp_path / "people.parquet"
    assert write_people(Scenario(input="mine.ndjson"), path) == 0
    assert directory.replace_all(read_users(path)) == 0


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


def test_a_statement_ends_in_its_time(tmp_path: Path) -> None:
    """One without an end is interrupted, and the connection is as good as before."""
    directory = Directory(f"sqlite:///{tmp_path / 'users.db'}", timeout_s=0.2)
    for _ in range(2):
        with (
            pytest.raises(EurekeError, match="interrupted"),
            told("read"),
            directory.engine.connect() as connection,
        ):
            connection.execute(text(ENDLESS))
        assert directory.preferences([1]) == {}
    directory.close()


def test_nothing_is_committed_for_who_has_given_up(tmp_path: Path) -> None:
    """Neither what would begin too late nor what would end too late."""
    directory = Directory(f"sqlite:///{tmp_path / 'users.db'}")
    row = {"id": 1, "username": "ada", "email": "ada@example.com"}

    def give_up_in_between() -> None:
        with directory.engine.begin() as connection:
            connection.execute(insert(USERS), row)
            ENDS_S.set(time.monotonic() - 1)

    def begin_too_late() -> None:
        ENDS_S.set(time.monotonic() - 1)
        directory.preferences([1])

    for late in (give_up_in_between, begin_too_late):
        with pytest.raises(EurekeError, match="given up"):
            contextvars.copy_context().run(late)
    with directory.engine.connect() as connection:
        assert connection.execute(select(USERS)).all() == []
    directory.close()
