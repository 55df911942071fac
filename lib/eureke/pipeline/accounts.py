"""Users one by one, in the same database that the pipeline asks for their preferences."""

import hashlib
from collections.abc import Callable, Collection
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta
from sqlalchemy import Connection, and_, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from eureke.errors import BadParameter
from eureke.notification import CHANNELS, Channel
from eureke.pipeline import answers
from eureke.pipeline.cursors import cursor_of, read_cursor
from eureke.pipeline.directory import Directory, names, told
from eureke.pipeline.policy import Preferences, checked
from eureke.pipeline.tables import INTEGER_MOST, PREFERENCE_COLUMNS, PREFERENCES, USERS

PAGE_MOST: Final = 100
INVISIBLE: Final = r"\s\x00-\x1f\x7f-\x9f\ufeff"
"""What no name has in it, said so that JavaScript's patterns and Python's mean the same."""
SORTS: Final = {"id": USERS.c.id, "username": USERS.c.username, "email": USERS.c.email}
Minute = Annotated[int, Meta(ge=0, lt=1440)]
"""Of the user's day."""
DIFFERENT: Final = {"uniqueItems": True}
"""What `checked` looks at, for the API's document."""


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a user wants to be told, and when."""

    channels: Annotated[
        tuple[Channel, ...],
        Meta(min_length=1, max_length=len(CHANNELS), extra_json_schema=DIFFERENT),
    ] = CHANNELS
    time_zone: Annotated[str, Meta(max_length=64, extra_json_schema={"format": "time-zone"})] = (
        "UTC"
    )
    quiet: Annotated[tuple[Minute, Minute], Meta(extra_json_schema=DIFFERENT)] | None = None
    """From and until, in minutes of the user's own day."""
    cap: Annotated[int, Meta(ge=1, le=INTEGER_MOST)] | None = None
    """The most in five minutes."""


class NewUser(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody says of a user who is to be made, or put in another's place."""

    username: Annotated[str, Meta(min_length=1, max_length=64, pattern=rf"^[^{INVISIBLE}]+$(?!\n)")]
    email: Annotated[
        str, Meta(max_length=254, pattern=rf"^[^@{INVISIBLE}]+@[^@{INVISIBLE}]+$(?!\n)")
    ]
    preferences: Wanted = Wanted()


class User(msgspec.Struct, frozen=True):
    """A user as anybody sees one."""

    id: int
    username: str
    email: str
    preferences: Wanted

    @property
    def tag(self) -> str:
        """Changes with whatever is said of the user: a strong entity tag (RFC 9110)."""
        return f'"{hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:32]}"'


class Page(msgspec.Struct, frozen=True):
    """Some users, and where the next ones begin."""

    items: list[User]
    next: str | None


class Missing(Exception):
    """There is no such user."""


class Taken(Exception):
    """Somebody else has the name already."""


class Changed(Exception):
    """The user is not what the one who wants to change it has seen."""


Condition = Callable[[User], bool]
"""Whether a user still is what somebody has seen."""


class Accounts:
    """Users, made and changed in one transaction each."""

    def __init__(self, directory: Directory) -> None:
        self._engine = directory.engine
        self.when_changed: list[Callable[[list[int]], None]] = []
        """Each is told the ids of users that are not what they were."""

    def get(self, user_id: int) -> User:
        """One user.

        Raises:
            Missing: there is none.
        """
        with told("read"), self._engine.connect() as connection:
            return _one(connection, user_id)

    def many(self, user_ids: Collection[int]) -> dict[int, User]:
        """Those of the users that there are, in one query."""
        possible = [each for each in user_ids if 0 <= each <= INTEGER_MOST]
        query = _joined().where(USERS.c.id.in_(possible))
        with told("read"), self._engine.connect() as connection:
            return {row[0]: _user(row) for row in connection.execute(query)}

    def page(
        self,
        *,
        limit: int,
        cursor: str = "",
        offset: int = 0,
        sort: str = "id",
        username: str = "",
    ) -> Page:
        """Users in order, from where the cursor says, or after so many of them.

        An offset counts rows: whoever comes or goes before it moves all that follow.

        Raises:
            BadParameter: an unknown order, a cursor that this server did not give, or a name that
                PostgreSQL could not even look for.
        """
        if "\0" in username:
            raise BadParameter("no username has a null byte", remedy="look for another one")
        name = sort.removeprefix("-")
        if name not in SORTS:
            raise BadParameter(
                f"users cannot be sorted by {name!r}", remedy=f"by one of: {', '.join(SORTS)}"
            )
        column, down = SORTS[name], sort.startswith("-")
        query = _joined().limit(limit + 1).offset(offset)
        order = (column.desc(), USERS.c.id.desc()) if down else (column, USERS.c.id)
        query = query.order_by(*order)
        if username:
            query = query.where(USERS.c.username == username)
        if cursor:
            value, user_id = read_cursor(cursor, sort)
            beyond = column < value if down else column > value
            later = USERS.c.id < user_id if down else USERS.c.id > user_id
            query = query.where(or_(beyond, and_(column == value, later)))
        with told("read"), self._engine.connect() as connection:
            users = [_user(row) for row in connection.execute(query)]
        if len(users) <= limit:
            return Page(items=users, next=None)
        return Page(items=users[:limit], next=self.cursor(users[limit - 1], sort))

    def cursor(self, user: User, sort: str) -> str:
        """What begins a page behind this user."""
        return cursor_of(getattr(user, sort.removeprefix("-")), user.id, sort)

    def create(self, wanted: NewUser, *, key: str = "") -> User:
        """A new user, with an id of its own; under a key that came before, the one made then.

        Raises:
            Taken: the username is somebody else's.
            KeyReused: the key came before, with something else.
            BadParameter: preferences that cannot be.
        """
        _check(wanted)
        asked = msgspec.json.encode(wanted)
        try:
            with told("written", but=(IntegrityError,)), self._engine.begin() as connection:
                if key and (before := answers.kept(connection, key, asked)):
                    return msgspec.json.decode(before, type=User)
                user = _made(connection, wanted)
                if key:  # in the same transaction: there is no user without the answer
                    answers.keep(connection, key, asked, msgspec.json.encode(user).decode())
        except IntegrityError as error:
            with told("read"), self._engine.connect() as connection:
                if key and (before := answers.kept(connection, key, asked)):
                    # Somebody was faster under the same key.
                    return msgspec.json.decode(before, type=User)
            raise Taken(wanted.username) from error
        self._changed([user.id])
        return user

    def replace(
        self, user_id: int, change: Callable[[User], NewUser], *, only_if: Condition | None = None
    ) -> User:
        """A user put in the place of what it was.

        Args:
            user_id: whose.
            change: is told what the user was, and says what it is to be.
            only_if: what has to hold of the user as it was, looked at in the same transaction.

        Raises:
            Missing: there is none.
            Changed: it does not hold.
            Taken: the username is somebody else's.
            BadParameter: preferences that cannot be.
        """
        try:
            with told("written", but=(IntegrityError,)), self._engine.begin() as connection:
                wanted = change(_held(connection, user_id, only_if))
                _check(wanted)
                row = _row(user_id, wanted)
                said = {"username": wanted.username, "email": wanted.email}
                connection.execute(update(USERS).where(USERS.c.id == user_id).values(said))
                connection.execute(delete(PREFERENCES).where(PREFERENCES.c.user_id == user_id))
                connection.execute(insert(PREFERENCES).values(row))
        except IntegrityError as error:
            raise Taken(wanted.username) from error
        self._changed([user_id])
        return User(user_id, wanted.username, wanted.email, wanted.preferences)

    def remove(self, user_id: int, *, only_if: Condition | None = None) -> None:
        """Removes a user.

        Raises:
            Missing: there is none.
            Changed: the condition does not hold.
        """
        with told("written"), self._engine.begin() as connection:
            _held(connection, user_id, only_if)
            connection.execute(delete(PREFERENCES).where(PREFERENCES.c.user_id == user_id))
            connection.execute(delete(USERS).where(USERS.c.id == user_id))
        self._changed([user_id])

    def _changed(self, user_ids: list[int]) -> None:
        for tell in self.when_changed:
            tell(user_ids)


def merged(user: User, patch: dict[str, Any]) -> NewUser:
    """The user with a merge patch applied (RFC 7396): null removes, the rest replaces.

    Raises:
        msgspec.ValidationError: what comes out is no user.
    """
    before = msgspec.to_builtins(user)
    del before["id"]
    return msgspec.convert(_merge(before, patch), type=NewUser)


def _merge(target: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = _merge(result.get(name), value)
    return result


def _joined() -> Any:
    columns = (PREFERENCES.c[name] for name in PREFERENCE_COLUMNS)
    return select(USERS, *columns).outerjoin(PREFERENCES, PREFERENCES.c.user_id == USERS.c.id)


def _one(connection: Connection, user_id: int) -> User:
    if not 0 <= user_id <= INTEGER_MOST:
        raise Missing(user_id)
    row = connection.execute(_joined().where(USERS.c.id == user_id)).first()
    if row is None:
        raise Missing(user_id)
    return _user(row)


def _held(connection: Connection, user_id: int, only_if: Condition | None) -> User:
    """The user, whom nobody else changes until the transaction ends."""
    if not 0 <= user_id <= INTEGER_MOST:
        raise Missing(user_id)
    held = update(USERS).where(USERS.c.id == user_id).values(id=USERS.c.id)
    connection.execute(held)  # takes the lock before it looks, in SQLite and in PostgreSQL
    user = _one(connection, user_id)
    if only_if is not None and not only_if(user):
        raise Changed(user_id)
    return user


def _user(row: Any) -> User:
    user_id, username, email, channels, time_zone, begin, end, cap = row
    if channels is None:
        return User(user_id, username, email, Wanted())
    quiet = None if begin is None else (begin, end)
    return User(user_id, username, email, Wanted(names(channels), time_zone, quiet, cap))


def _row(user_id: int, wanted: NewUser) -> dict[str, Any]:
    said = wanted.preferences
    begin, end = said.quiet or (None, None)
    return {
        "user_id": user_id,
        "channels": ",".join(said.channels),
        "time_zone": said.time_zone,
        "quiet_from": begin,
        "quiet_until": end,
        "cap": said.cap,
    }


def _made(connection: Connection, wanted: NewUser) -> User:
    made = connection.execute(insert(USERS).values(username=wanted.username, email=wanted.email))
    key = made.inserted_primary_key
    user_id = int(key[0]) if key else 0
    connection.execute(insert(PREFERENCES).values(_row(user_id, wanted)))
    return User(user_id, wanted.username, wanted.email, wanted.preferences)


def _check(wanted: NewUser) -> None:
    said = wanted.preferences
    preferences = Preferences(said.channels, said.time_zone, said.quiet, said.cap)
    checked(preferences, whose=wanted.username)
