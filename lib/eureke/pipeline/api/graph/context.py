"""What the resolvers of one operation share: who asks, and loaders that ask once for many."""

import asyncio
from typing import Any, Final

from graphql import GraphQLError
from litestar.types import Scope
from strawberry.dataloader import DataLoader
from strawberry.litestar import BaseContext
from strawberry.types import Info

from eureke.notification import Notification
from eureke.pipeline.accounts import PAGE_MOST, User
from eureke.pipeline.api.behind import Behind
from eureke.pipeline.api.guard import GRANTED
from eureke.pipeline.history import newest_of

ONE_BY_ONE: Final = b"x-teach-one-by-one"
"""Header that takes the loaders' batches away, to see what they are good for."""
USERS_FIRST: Final = 20
NEWEST_FIRST: Final = 10
"""So many of a list are shown where nothing is said."""


class Context(BaseContext, kw_only=True):
    """Of one operation: what is asked for together is read together."""

    behind: Behind
    users: DataLoader[int, User | None]
    notifications: DataLoader[int, list[Notification]]
    granted: str
    connection_params: Any = None
    """What a socket said in its first message."""


Asked = Info[Context, None]


def page_of(first: int) -> int:
    """How many of a list to show.

    Raises:
        GraphQLError: it is negative, or more than a page.
    """
    if not 0 <= first <= PAGE_MOST:
        raise GraphQLError(f"first is from 0 to {PAGE_MOST}")
    return first


def context_of(behind: Behind, scope: Scope) -> Context:
    """A context for an operation."""

    async def users(ids: list[int]) -> list[User | None]:
        found = await asyncio.to_thread(behind.accounts.many, ids)
        return [found.get(each) for each in ids]

    async def notifications(ids: list[int]) -> list[list[Notification]]:
        found = await asyncio.to_thread(newest_of, behind.settings, ids, most=PAGE_MOST)
        return [found[each] for each in ids]

    named = {name for name, _ in scope["headers"]}
    most = 1 if behind.settings.teaching and ONE_BY_ONE in named else None
    return Context(
        behind=behind,
        users=DataLoader(load_fn=users, max_batch_size=most),
        notifications=DataLoader(load_fn=notifications, max_batch_size=most),
        granted=str(scope.get(GRANTED, "")),
    )
