"""Users over REST: read, listed, made, replaced, changed, removed."""

import asyncio
from collections.abc import Mapping
from functools import lru_cache, partial
from http import HTTPStatus
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import msgspec
from litestar import Controller, Request, Response, delete, get, head, patch, post, put
from litestar.exceptions import HTTPException
from litestar.params import Parameter

from eureke.notification import Notification
from eureke.pipeline.accounts import (
    PAGE_MOST,
    SORTS,
    Condition,
    NewUser,
    Page,
    User,
    merged,
)
from eureke.pipeline.api.behind import Behind
from eureke.pipeline.api.content import JSON
from eureke.pipeline.api.keys import Key
from eureke.pipeline.api.whole import Whole
from eureke.pipeline.history import newest_of
from eureke.pipeline.tables import INTEGER_MOST
from eureke.pipeline.user_cache import Shown

Seen = Annotated[str | None, Parameter(header="If-Match", required=False)]
ORDERS: Final = [*SORTS, *(f"-{each}" for each in SORTS)]
Known = Annotated[str | None, Parameter(header="If-None-Match", required=False)]


class Users(Controller):
    """All that can be done with users."""

    path = "/users"
    behind: Behind

    @get(sync_to_thread=True)
    def list_users(
        self,
        limit: Annotated[int, Parameter(ge=1, le=PAGE_MOST)] = 20,
        cursor: str = "",
        offset: Annotated[int, Parameter(ge=0, le=INTEGER_MOST)] = 0,
        sort: Annotated[str, Parameter(schema_extra={"enum": ORDERS})] = "id",
        username: str = "",
    ) -> Response[Page]:
        """Users in order; `next` is where the following ones begin."""
        page = self.behind.accounts.page(
            limit=limit, cursor=cursor, offset=offset, sort=sort, username=username
        )
        headers = {}
        if page.next:
            asked = {"limit": limit, "sort": sort, "username": username, "cursor": page.next}
            query = urlencode({name: value for name, value in asked.items() if value != ""})
            headers["Link"] = f'</users?{query}>; rel="next"'
        return Response(page, headers=headers)

    @get("/{user_id:int}")
    async def get_user(self, user_id: int, known: Known = None) -> Response[Any]:
        """One user; nothing but the tag where the client has it already."""
        shown = await self.behind.cache.show(user_id)
        if _has(known, shown.tag):
            headers = {"ETag": shown.tag}
            return Response(None, status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return _whole(shown)

    @head("/{user_id:int}")
    async def look_at_user(self, user_id: int, known: Known = None) -> Response[None]:
        """Whether there is such a user, and the tag."""
        shown = await self.behind.cache.show(user_id)
        status = HTTPStatus.NOT_MODIFIED if _has(known, shown.tag) else HTTPStatus.OK
        return Response(None, status_code=status, headers={"ETag": shown.tag})

    @get("/{user_id:int}/notifications", sync_to_thread=True)
    def list_notifications(
        self,
        user_id: int,
        limit: Annotated[int, Parameter(ge=1, le=PAGE_MOST)] = 10,
    ) -> list[Notification]:
        """The user's newest notifications, newest first."""
        user = self.behind.accounts.get(user_id)
        return newest_of(self.behind.settings, [user.id], most=limit)[user.id]

    @post(sync_to_thread=True)
    def create_user(self, data: NewUser, key: Key = None) -> Response[User]:
        """A new user, and where it is; under the same key it is made once."""
        user = self.behind.accounts.create(data, key=key or "")
        headers = {"Location": f"/users/{user.id}", **_tagged(user)}
        return Response(user, status_code=HTTPStatus.CREATED, headers=headers)

    @put("/{user_id:int}", sync_to_thread=True)
    def replace_user(self, user_id: int, data: NewUser, seen: Seen = None) -> Response[User]:
        """Another user under the same id: what is left out gets its default."""
        user = self.behind.accounts.replace(user_id, lambda _: data, only_if=_still(seen))
        return Response(user, headers=_tagged(user))

    @patch("/{user_id:int}")
    async def change_user(
        self, request: Request[Any, Any, Any], user_id: int, seen: Seen = None
    ) -> Response[User]:
        """The named fields changed, the others left as they are (JSON Merge Patch, RFC 7396)."""
        try:
            said = msgspec.json.decode(await request.body())
        except msgspec.DecodeError as error:
            raise HTTPException(status_code=400, detail=f"no JSON: {error}") from error
        if not isinstance(said, dict):
            raise HTTPException(status_code=422, detail="a patch of a user is an object")
        change = partial(
            self.behind.accounts.replace,
            user_id,
            lambda before: merged(before, said),
            only_if=_still(seen),
        )
        user = await asyncio.to_thread(change)
        return Response(user, headers=_tagged(user))

    @delete("/{user_id:int}", sync_to_thread=True)
    def remove_user(self, user_id: int, seen: Seen = None) -> None:
        """The user is gone afterwards."""
        self.behind.accounts.remove(user_id, only_if=_still(seen))


# Whoever is at hand is asked for again and again; an answer is sent, and never changed.
@lru_cache(maxsize=1_000)
def _whole(shown: Shown) -> Whole:
    return Whole(shown.body, status=HTTPStatus.OK, kind=JSON, headers={"ETag": shown.tag})


def _tagged(user: User) -> Mapping[str, str]:
    return {"ETag": user.tag}


def _has(known: str | None, tag: str) -> bool:
    """If-None-Match: the client has it already."""
    return known is not None and _named(known, tag, weak=True)


def _still(seen: str | None) -> Condition | None:
    """If-Match: the user still is what the client has seen."""
    return None if seen is None else lambda user: _named(seen, user.tag, weak=False)


def _named(tags: str, tag: str, *, weak: bool) -> bool:
    """Whether a list of entity tags has this one."""
    if tags.strip() == "*":
        return True
    named = [each.strip() for each in tags.split(",")]
    if weak:
        named = [each.removeprefix("W/") for each in named]
    return tag in named
