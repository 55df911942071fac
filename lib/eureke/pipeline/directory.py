"""The users database: opened, asked within a time, and filled as a whole."""

import contextlib
import fcntl
import math
import sqlite3
import time
from collections.abc import Collection, Iterator
from contextvars import ContextVar
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import create_engine, delete, event, func, insert, make_url, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import CreateTable

from eureke.errors import BadParameter, EurekeError
from eureke.pipeline.policy import Preferences, checked
from eureke.pipeline.tables import (
    METADATA,
    PREFERENCE_COLUMNS,
    PREFERENCES,
    PREFERENCES_OF,
    USER_COLUMNS,
    USERS,
)

ROWS: Final = 5_000
WRITER_S: Final = 10.0
"""So long one waits in SQLite for another who writes, where nothing else is said."""
STEPS: Final = 100_000
"""Of SQLite's machine, a millisecond or so: then it asks whether to go on."""
BEGAN_S: Final = "began_s"
"""When a connection's newest statement began."""
MAKING: Final = 7_001
"""Of PostgreSQL's advisory locks, ours for making the tables."""
NEXT_ID: Final = (
    "SELECT setval('users_id_seq', coalesce((SELECT max(id) FROM users), 0) + 1, false)"
)


STATEMENTS: Final[ContextVar[list[str] | None]] = ContextVar("statements", default=None)
"""Whoever puts a list here finds the statements in it that were made on its behalf."""


ENDS_S: Final[ContextVar[float]] = ContextVar("ends_s", default=math.inf)
"""When whoever asks gives up, by the monotonic clock: nothing is begun or committed after it."""


class Directory:
    """The users database; made empty where it is not there yet.

    Where `timeout_s` is given, no statement takes longer, whatever it waits for.
    """

    def __init__(self, url: str, *, timeout_s: float | None = None) -> None:
        self._timeout_s = timeout_s
        self.engine = create_engine(url, **_bounds(url, timeout_s))
        event.listen(self.engine, "before_cursor_execute", _note_statement)
        event.listen(self.engine, "commit", _check_time)
        with told("opened"), self._alone(), self.engine.begin() as connection:
            if self.engine.dialect.name == "postgresql":
                # IF NOT EXISTS is no lock: of two that make a table at once, one fails.
                connection.execute(select(func.pg_advisory_xact_lock(MAKING)))
            for table in METADATA.sorted_tables:
                connection.execute(CreateTable(table, if_not_exists=True))

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Others open the same file at the same moment: SQLite does not wait while it is made."""
        path = self.engine.url.database
        if self.engine.dialect.name != "sqlite" or not path:
            yield
            return
        event.listen(self.engine, "connect", partial(_prepare_sqlite, self._timeout_s))
        with Path(f"{path}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            connection = sqlite3.connect(path)
            connection.execute("PRAGMA journal_mode=WAL")  # readers go on while one writes
            connection.close()
            yield

    def close(self) -> None:
        """Ends its connections."""
        self.engine.dispose()

    def preferences(self, user_ids: Collection[int]) -> dict[int, Preferences]:
        """The preferences of those users that the database knows, in as few queries as it takes.

        Raises:
            EurekeError: the database does not answer.
        """
        wanted = list(user_ids)
        found: dict[int, Preferences] = {}
        with told("read"), self.engine.connect() as connection:
            for first in range(0, len(wanted), ROWS):
                some = {"user_ids": wanted[first : first + ROWS]}
                for row in connection.execute(PREFERENCES_OF, some):
                    user_id, channels, time_zone, begin, end, cap = row
                    quiet = None if begin is None else (begin, end)
                    found[user_id] = Preferences(names(channels), time_zone, quiet, cap)
        return found

    def replace_all(self, rows: Iterator[dict[str, Any]]) -> int:
        """Puts these users in the place of all others; gives their number.

        Raises:
            BadParameter: a user has preferences that cannot be; then nothing is changed.
        """
        count = 0
        with told("written"), self.engine.begin() as connection:
            connection.execute(delete(PREFERENCES))
            connection.execute(delete(USERS))
            for some in _chunks(rows):
                connection.execute(
                    insert(USERS), [{name: row[name] for name in USER_COLUMNS} for row in some]
                )
                connection.execute(insert(PREFERENCES), [_row(each) for each in some])
                count += len(some)
            if self.engine.dialect.name == "postgresql":
                connection.execute(text(NEXT_ID))  # ids that were given do not move its counter
        return count


class told:  # noqa: N801  reads as a sentence
    """What the database says, as an error with a remedy."""

    def __init__(self, done: str, *, but: tuple[type[Exception], ...] = ()) -> None:
        self._done = done
        self._but = but

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, SQLAlchemyError) and not isinstance(error, self._but):
            raise EurekeError(
                f"the users database cannot be {self._done}: {str(error).splitlines()[0]}",
                remedy="see that its server runs, or that its file and disk can be written",
            ) from error


def _bounds(url: str, timeout_s: float | None) -> dict[str, Any]:
    """Options of an engine whose statements the database ends in time; SQLite has none for it."""
    if timeout_s is None:
        return {}
    bounds: dict[str, Any] = {"pool_timeout": timeout_s}
    if make_url(url).get_backend_name() == "postgresql":
        bounds["connect_args"] = {
            "options": f"-c statement_timeout={timeout_s * 1000:.0f}",
            "connect_timeout": math.ceil(timeout_s),
        }
    return bounds


def _note_statement(connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
    _check_time(connection)
    connection.info[BEGAN_S] = time.monotonic()
    noted = STATEMENTS.get()
    if noted is not None:
        noted.append(statement)


def _check_time(_connection: Any) -> None:
    if time.monotonic() > ENDS_S.get():
        raise EurekeError(
            "whoever asked the users database has given up", remedy="ask for less at a time"
        )


def _prepare_sqlite(timeout_s: float | None, connection: Any, record: Any) -> None:
    if timeout_s is not None:  # it asks again and again whether to go on

        def late() -> bool:
            return time.monotonic() > float(record.info.get(BEGAN_S, math.inf)) + timeout_s

        connection.set_progress_handler(late, STEPS)
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={(timeout_s or WRITER_S) * 1000:.0f}")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


@lru_cache(maxsize=1000)
def names(channels: str) -> tuple[Any, ...]:
    """The channels of a column, one by one."""
    return tuple(name for name in channels.split(",") if name)


def _row(values: dict[str, Any]) -> dict[str, Any]:
    """A row of the preferences, after a look at whether it makes sense."""
    quiet = values["quiet_from"], values["quiet_until"]
    if (quiet[0] is None) != (quiet[1] is None):
        missing = "begin" if quiet[0] is None else "end"
        raise BadParameter(
            f"the quiet hours of user {values['id']} have no {missing}",
            remedy="give both quiet_from and quiet_until, or neither",
        )
    named = names(values["channels"])
    preferences = Preferences(
        named, values["time_zone"], None if quiet[0] is None else quiet, values["cap"]
    )
    checked(preferences, whose=f"user {values['id']}")
    kept = {name: values[name] for name in PREFERENCE_COLUMNS}
    return kept | {"user_id": values["id"], "channels": ",".join(named)}


def _chunks(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    some: list[dict[str, Any]] = []
    for row in rows:
        some.append(row)
        if len(some) == ROWS:
            yield some
            some = []
    if some:
        yield some
