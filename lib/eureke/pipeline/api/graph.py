"""Users over GraphQL: the same users, asked for by the fields one wants."""

import asyncio
import re
from typing import Any, Final

import strawberry
from strawberry.dataloader import DataLoader
from strawberry.extensions import (
    AddValidationRules,
    MaxAliasesLimiter,
    MaxTokensLimiter,
    ParserCache,
    QueryDepthLimiter,
    ValidationCache,
)
from strawberry.litestar import BaseContext, make_graphql_controller
from strawberry.types import Info

from eureke.pipeline.accounts import User as Found
from eureke.pipeline.api.behind import Behind
from eureke.pipeline.api.guard import READS

DEPTH_MOST: Final = 6
ALIASES_MOST: Final = 15
TOKENS_MOST: Final = 1_000
QUERIES_KEPT: Final = 200
LIMITS: Final = [
    *QueryDepthLimiter(max_depth=DEPTH_MOST).validation_rules,
    *MaxAliasesLimiter(max_alias_count=ALIASES_MOST).validation_rules,
]
"""Made once: what is validated is kept by its rules."""
ID: Final = re.compile(r"[0-9]{1,20}")


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
class User:
    """A user."""

    id: strawberry.ID
    username: str
    email: str
    preferences: Preferences


class Context(BaseContext, kw_only=True):
    """What a query needs: users that are asked for together are read together."""

    users: DataLoader[int, Found | None]


@strawberry.type
class Query:
    """What can be asked."""

    @strawberry.field
    async def user(self, info: Info[Context, None], id: strawberry.ID) -> User | None:  # noqa: A002
        """The user with that id, or null."""
        if not ID.fullmatch(id):
            return None  # an id that no user can have
        found = await info.context.users.load(int(id))
        return None if found is None else _user(found)


def controller(*, teaching: bool) -> Any:
    """The door for GraphQL; with a page to try it, and a schema to look at, for teaching."""
    schema = strawberry.Schema(
        Query,
        extensions=[
            lambda: AddValidationRules(LIMITS),
            lambda: MaxTokensLimiter(max_token_count=TOKENS_MOST),
            # Most of a query's time is its parsing and validation, and clients ask the same again.
            lambda: ParserCache(maxsize=QUERIES_KEPT),
            lambda: ValidationCache(maxsize=QUERIES_KEPT),
        ],
    )
    made = make_graphql_controller(
        schema,
        path="/graphql",
        graphql_ide="graphiql" if teaching else None,
        allow_queries_via_get=False,
        context_getter=_context,
    )
    made.opt = {READS: True}
    return made


async def _context(behind: Behind) -> Context:
    async def together(ids: list[int]) -> list[Found | None]:
        found = await asyncio.to_thread(behind.accounts.many, ids)
        return [found.get(each) for each in ids]

    return Context(users=DataLoader(load_fn=together))


def _user(found: Found) -> User:
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
