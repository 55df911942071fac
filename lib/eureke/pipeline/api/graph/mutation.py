"""What can be changed; what can go wrong is part of the answer's type."""

import asyncio
from typing import Annotated, Any, Final

import msgspec
import strawberry
from graphql import GraphQLError

from eureke.errors import BadParameter
from eureke.pipeline.accounts import Missing, NewUser, Taken, merged
from eureke.pipeline.api.graph.context import Asked
from eureke.pipeline.api.graph.query import ID
from eureke.pipeline.api.graph.types import User, user_of
from eureke.pipeline.api.guard import READS_ONLY
from eureke.pipeline.api.notifications import NewNotification, entry, new_id
from eureke.pipeline.entrance import Entry

UNSET: Final = strawberry.UNSET


@strawberry.input
class QuietHoursInput:
    """From and until, in minutes of the user's own day."""

    begins: int
    ends: int


@strawberry.input
class PreferencesInput:
    """What a user wants to be told, and when; what is left out stays, or has its default."""

    channels: list[str] | None = UNSET
    time_zone: str | None = UNSET
    quiet: QuietHoursInput | None = UNSET
    cap: int | None = UNSET

    def said(self) -> dict[str, Any]:
        """As a merge patch."""
        named = {name: getattr(self, name) for name in ("channels", "time_zone", "cap")}
        quiet = self.quiet
        named["quiet"] = [quiet.begins, quiet.ends] if quiet else quiet
        return {name: value for name, value in named.items() if value is not UNSET}


@strawberry.input
class UserInput:
    """A user who is to be made."""

    username: str
    email: str
    preferences: PreferencesInput | None = None

    def said(self) -> dict[str, Any]:
        """As the domain reads it."""
        preferences = self.preferences.said() if self.preferences else {}
        return {"username": self.username, "email": self.email, "preferences": preferences}


@strawberry.input
class UserChange:
    """What is to change; the rest stays."""

    username: str | None = None
    email: str | None = None
    preferences: PreferencesInput | None = None

    def said(self) -> dict[str, Any]:
        """As a merge patch."""
        named: dict[str, Any] = {"username": self.username, "email": self.email}
        if self.preferences:
            named["preferences"] = self.preferences.said()
        return {name: value for name, value in named.items() if value is not None}


@strawberry.input
class NotificationInput:
    """A notification that is to be sent."""

    user_id: strawberry.ID
    channel: str
    template: str
    text: str = ""
    priority: str = "bulk"
    id: strawberry.ID | None = None


@strawberry.type
class UsernameTaken:
    """Somebody else has the name."""

    username: str


@strawberry.type
class NoSuchUser:
    """There is nobody with that id."""

    id: strawberry.ID


@strawberry.type
class Invalid:
    """A value that cannot be."""

    message: str


@strawberry.type
class NotAcknowledged:
    """Kafka did not answer: nobody knows; send it again under the same id."""

    id: strawberry.ID


@strawberry.type
class Removed:
    """A user that is gone."""

    id: strawberry.ID


@strawberry.type
class AcceptedNotification:
    """A notification that Kafka has acknowledged."""

    id: strawberry.ID


Made = Annotated[User | UsernameTaken | Invalid, strawberry.union("CreateUserResult")]
Altered = Annotated[
    User | NoSuchUser | UsernameTaken | Invalid, strawberry.union("ChangeUserResult")
]
Gone = Annotated[Removed | NoSuchUser, strawberry.union("RemoveUserResult")]
Taking = Annotated[
    AcceptedNotification | NotAcknowledged | Invalid, strawberry.union("SendNotificationResult")
]


def _may(info: Asked) -> None:
    if info.context.granted != "write":
        raise GraphQLError(READS_ONLY, extensions={"code": "FORBIDDEN"})


@strawberry.type
class Mutation:
    """What can be changed, with a token that may write."""

    @strawberry.mutation
    async def create_user(self, info: Asked, input: UserInput) -> Made:  # noqa: A002
        """A new user."""
        _may(info)
        try:
            wanted = msgspec.convert(input.said(), NewUser)
            made = await asyncio.to_thread(info.context.behind.accounts.create, wanted)
        except Taken:
            return UsernameTaken(username=input.username)
        except (msgspec.ValidationError, BadParameter) as error:
            return Invalid(message=_words(error))
        return user_of(made)

    @strawberry.mutation
    async def change_user(self, info: Asked, id: strawberry.ID, input: UserChange) -> Altered:  # noqa: A002
        """The named fields changed, the others left as they are."""
        _may(info)
        if not ID.fullmatch(id):
            return NoSuchUser(id=id)
        said = input.said()
        try:
            changed = await asyncio.to_thread(
                info.context.behind.accounts.replace, int(id), lambda before: merged(before, said)
            )
        except Missing:
            return NoSuchUser(id=id)
        except Taken:
            return UsernameTaken(username=input.username or "")
        except (msgspec.ValidationError, BadParameter) as error:
            return Invalid(message=_words(error))
        return user_of(changed)

    @strawberry.mutation
    async def remove_user(self, info: Asked, id: strawberry.ID) -> Gone:  # noqa: A002
        """The user is gone afterwards."""
        _may(info)
        if not ID.fullmatch(id):
            return NoSuchUser(id=id)
        try:
            await asyncio.to_thread(info.context.behind.accounts.remove, int(id))
        except Missing:
            return NoSuchUser(id=id)
        return Removed(id=id)

    @strawberry.mutation
    async def send_notification(self, info: Asked, input: NotificationInput) -> Taking:  # noqa: A002
        """A notification on its way, once Kafka has acknowledged it."""
        _may(info)
        try:
            sent = _sent(input)
        except msgspec.ValidationError as error:
            return Invalid(message=str(error))
        asked = info.context.request
        request_id = str(asked.scope.get("request_id", "")) if asked else ""
        (known,) = await info.context.behind.entrance.accept([sent], request_id=request_id)
        wanted = AcceptedNotification if known else NotAcknowledged
        return wanted(id=strawberry.ID(sent.id))


def _sent(said: NotificationInput) -> Entry:
    named: dict[str, Any] = {
        "user_id": int(said.user_id) if ID.fullmatch(said.user_id) else said.user_id,
        "channel": said.channel,
        "template": said.template,
        "priority": said.priority,
        "data": {"text": said.text} if said.text else {},
    }
    if said.id is not None:
        named["id"] = said.id
    return entry(msgspec.convert(named, NewNotification), b"", new_id())


def _words(error: Exception) -> str:
    return error.what if isinstance(error, BadParameter) else str(error)
