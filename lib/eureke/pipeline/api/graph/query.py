"""What can be asked."""

import asyncio
import re
from typing import Final

import strawberry

from eureke.pipeline.api.graph.context import NEWEST_FIRST, USERS_FIRST, Asked, page_of
from eureke.pipeline.api.graph.types import (
    Notification,
    User,
    UserConnection,
    connection_of,
    notification_of,
    user_of,
)
from eureke.pipeline.history import newest

ID: Final = re.compile(r"[0-9]{1,20}")


@strawberry.type
class Query:
    """What can be asked."""

    @strawberry.field
    async def user(self, info: Asked, id: strawberry.ID) -> User | None:  # noqa: A002
        """The user with that id, or null."""
        if not ID.fullmatch(id):
            return None  # an id that no user can have
        found = await info.context.users.load(int(id))
        return None if found is None else user_of(found)

    @strawberry.field
    async def users(
        self,
        info: Asked,
        first: int = USERS_FIRST,
        after: str = "",
        sort: str = "id",
        username: str = "",
    ) -> UserConnection:
        """Users in order, from behind a cursor on."""
        accounts, most = info.context.behind.accounts, max(1, page_of(first))
        page = await asyncio.to_thread(
            accounts.page, limit=most, cursor=after, sort=sort, username=username
        )
        shown = page.items[:first]
        cursors = [accounts.cursor(each, sort) for each in shown]
        more = page.next is not None or len(shown) < len(page.items)
        return connection_of(shown, cursors, more=more, begun=bool(after))

    @strawberry.field
    async def notifications(self, info: Asked, first: int = NEWEST_FIRST) -> list[Notification]:
        """The newest ones of everybody, newest first."""
        most = page_of(first)
        found = await asyncio.to_thread(newest, info.context.behind.settings, most=most)
        return [notification_of(each) for each in found]
