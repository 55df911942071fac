"""What can be followed."""

import asyncio
import re
from collections.abc import AsyncGenerator

import strawberry
from graphql import GraphQLError

from eureke.pipeline.api.graph.context import Asked
from eureke.pipeline.api.graph.types import NotificationStatus, status_of
from eureke.pipeline.api.notifications import ID
from eureke.pipeline.statuses import Status

NEWS_WITHIN_S = 1.0
"""Looked at without news so often: it costs little, and none is missed."""


@strawberry.type
class Subscription:
    """What can be followed."""

    @strawberry.subscription
    async def notification_status(
        self,
        info: Asked,
        id: strawberry.ID,  # noqa: A002
    ) -> AsyncGenerator[NotificationStatus, None]:
        """What becomes of a notification, from what is known now to its end."""
        if not re.fullmatch(ID, id):
            raise GraphQLError("no notification can have this id")
        statuses = info.context.behind.statuses
        loop, news = asyncio.get_running_loop(), asyncio.Event()
        end = statuses.tell(lambda: loop.call_soon_threadsafe(news.set))
        told: Status | None = None
        try:
            while told is None or not told.final:
                news.clear()
                known = await asyncio.to_thread(statuses.of, str(id))
                if known is not None and known != told:
                    told = known
                    yield status_of(known)
                    continue
                await _arrived(news)
        finally:
            end()


async def _arrived(news: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(news.wait(), NEWS_WITHIN_S)
    except TimeoutError:
        return
