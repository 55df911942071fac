"""What can be seen: users, their notifications, and lists of them as Relay connections."""

import asyncio
from collections.abc import Sequence

import strawberry

from eureke.notification import Notification as Sent
from eureke.pipeline.accounts import User as Found
from eureke.pipeline.api.graph.context import NEWEST_FIRST, Asked, page_of
from eureke.pipeline.statuses import Status


@strawberry.type
class QuietHours:
    """When a user is not to be disturbed, in minutes of the user's own day."""

    begins: int
    ends: int


@strawberry.type
class Preferences:
    """What a user wants to be told, and when."""

    channels: list[str]
    time_zone: str
    quiet: QuietHours | None
    cap: int | None


@strawberry.type
class PageInfo:
    """Where a page stands in its list."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type
class NotificationStatus:
    """What became of a notification so far."""

    id: strawberry.ID
    status: str
    reason: str
    attempts: int
    final: bool


@strawberry.type
class Notification:
    """A notification, with the user it is for."""

    id: strawberry.ID
    channel: str
    priority: str
    template: str
    created_ms: float
    user_id: strawberry.ID

    @strawberry.field
    async def user(self, info: Asked) -> "User | None":
        """The user, or null where nobody has that id."""
        found = await info.context.users.load(int(self.user_id))
        return None if found is None else user_of(found)

    @strawberry.field
    async def status(self, info: Asked) -> NotificationStatus:
        """What became of it; accepted where no receipt names it yet."""
        known = await asyncio.to_thread(info.context.behind.statuses.outcome, str(self.id))
        return status_of(known or Status(str(self.id), "accepted"))


@strawberry.type
class User:
    """A user."""

    id: strawberry.ID
    username: str
    email: str
    preferences: Preferences

    @strawberry.field
    async def notifications(self, info: Asked, first: int = NEWEST_FIRST) -> list[Notification]:
        """The newest ones, newest first."""
        found = await info.context.notifications.load(int(self.id))
        return [notification_of(each) for each in found[: page_of(first)]]


@strawberry.type
class UserEdge:
    """A user in a list, and where it stands."""

    cursor: str
    node: User


@strawberry.type
class UserConnection:
    """Users in order (Relay's cursor connections)."""

    edges: list[UserEdge]
    page_info: PageInfo


def connection_of(
    users: Sequence[Found], cursors: Sequence[str], *, more: bool, begun: bool
) -> UserConnection:
    """A page of users as a connection."""
    return UserConnection(
        edges=[
            UserEdge(cursor=cursor, node=user_of(user))
            for cursor, user in zip(cursors, users, strict=True)
        ],
        page_info=PageInfo(
            has_next_page=more,
            has_previous_page=begun,
            start_cursor=cursors[0] if cursors else None,
            end_cursor=cursors[-1] if cursors else None,
        ),
    )


def status_of(known: Status) -> NotificationStatus:
    """A status, as it is shown."""
    return NotificationStatus(
        id=strawberry.ID(known.id),
        status=known.status,
        reason=known.reason,
        attempts=known.attempts,
        final=known.final,
    )


def user_of(found: Found) -> User:
    """A user of the domain, as it is shown."""
    said, quiet = found.preferences, found.preferences.quiet
    return User(
        id=strawberry.ID(str(found.id)),
        username=found.username,
        email=found.email,
        preferences=Preferences(
            channels=list(said.channels),
            time_zone=said.time_zone,
            quiet=None if quiet is None else QuietHours(begins=quiet[0], ends=quiet[1]),
            cap=said.cap,
        ),
    )


def notification_of(sent: Sent) -> Notification:
    """A notification of the log, as it is shown."""
    return Notification(
        id=strawberry.ID(sent.id),
        channel=sent.channel,
        priority=sent.priority,
        template=sent.template,
        created_ms=sent.created_ns / 1e6,
        user_id=strawberry.ID(str(sent.user_id)),
    )
