"""Notifications over REST: one, many, and what became of one."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.params import Parameter
from msgspec import UNSET, Meta, UnsetType

from eureke.notification import Channel, Notification, Priority
from eureke.pipeline.api.behind import Behind
from eureke.pipeline.api.content import JSON, NDJSON, kind_of
from eureke.pipeline.api.keys import Key
from eureke.pipeline.api.problems import RETRY_AFTER_S, problem
from eureke.pipeline.api.whole import Whole
from eureke.pipeline.entrance import Entry
from eureke.pipeline.tables import INTEGER_MOST
from eureke.settings import API_MANY_BYTES_MOST

ID: Final = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$(?!\n)"
"""To Python alone, `$` also stands before a last line's end, which no header may have in it."""
LIVES_NS: Final = 86_400_000_000_000
ITEMS_MOST: Final = 50_000
ITEM_BYTES_MOST: Final = 64 << 10
# Looked up once, as each of many thousand lines has one.
ACCEPTED: Final = HTTPStatus.ACCEPTED.value
INVALID: Final = HTTPStatus.UNPROCESSABLE_ENTITY.value
AWAY: Final = HTTPStatus.SERVICE_UNAVAILABLE.value
Accept = Callable[[Sequence[Entry]], Awaitable[list[bool]]]
Tag = Annotated[str, Parameter(header="X-Tag", required=False, pattern=r"^[a-z-]{0,32}$")]
"""Takes notifications out of the accounts: warm-up, canary."""
Id = Annotated[str, Meta(pattern=ID)]
Nanoseconds = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""Since the Unix epoch."""


class NewNotification(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """What somebody says of a notification that is to be sent."""

    user_id: Annotated[int, Meta(ge=0, le=INTEGER_MOST)]
    channel: Channel
    template: Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$(?!\n)")]
    data: dict[str, str] | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET
    id: Id | UnsetType = UNSET
    """Whatever comes under the same id again has no second effect."""
    created_ns: Nanoseconds | UnsetType = UNSET
    expires_ns: Nanoseconds | UnsetType = UNSET
    """A day after it was created where nothing is said."""


class Accepted(msgspec.Struct, frozen=True):
    """A notification that Kafka has acknowledged."""

    id: str
    status: Literal["accepted"] = "accepted"


class Item(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What became of one of many: accepted (202), not one (422), or not acknowledged (503)."""

    status: int
    id: str = ""
    detail: str = ""


class Many(msgspec.Struct, frozen=True):
    """What became of many, in the order in which they came."""

    accepted: int
    items: list[Item]


_chance = random.Random()
_one = msgspec.json.Decoder(NewNotification).decode
_encode = msgspec.json.Encoder().encode
_raws = msgspec.json.Decoder(list[msgspec.Raw]).decode


class Notifications(Controller):
    """All that can be done with notifications."""

    path = "/notifications"
    behind: Behind

    @post(
        request_max_body_size=API_MANY_BYTES_MOST,
        status_code=HTTPStatus.ACCEPTED,
        opt={"takes": (JSON, NDJSON)},
    )
    async def send(
        self,
        request: Request[Any, Any, Any],
        key: Key = None,
        lane: Literal["bulk", "urgent", ""] = "",
        tag: Tag = "",
    ) -> Response[Any]:
        """One (an object) or many (an array, or a line each): 202 once Kafka has acknowledged."""
        body = await request.body()
        repeated = False if key is None else await self.behind.keys.came(key, body)
        request_id = str(request.scope.get("request_id", ""))
        accept = partial(self.behind.entrance.accept, request_id=request_id, lane=lane, tag=tag)
        kind = kind_of(request.headers)
        if kind == NDJSON or body.lstrip()[:1] == b"[":
            answer = await _send_many(_lines(body, kind), accept, key or "", repeated=repeated)
        else:
            answer = await _send_one(body, accept, key or "", repeated=repeated)
        if key is not None and not repeated and answer.status_code == HTTPStatus.ACCEPTED:
            await self.behind.keys.acknowledged(key, body)
        return answer

    @get("/{notification_id:str}")
    async def status(
        self,
        notification_id: Annotated[str, Parameter(pattern=ID)],
    ) -> Response[Any]:
        """What became of one, by the newest receipts."""
        found = await asyncio.to_thread(self.behind.statuses.of, notification_id)
        if found is None:
            return problem(HTTPStatus.NOT_FOUND, "nobody has heard of it lately")
        return Response(found)


async def _send_one(body: bytes, accept: Accept, key: str, *, repeated: bool) -> Response[Any]:
    if len(body) > ITEM_BYTES_MOST:
        return problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"a notification has at most {ITEM_BYTES_MOST} bytes",
        )
    one = entry(_one(body), body, key or new_id())
    if not repeated:
        (acknowledged,) = await accept([one])
        if not acknowledged:
            return _unacknowledged()
    return Whole(
        _encode(Accepted(one.id)),
        status=HTTPStatus.ACCEPTED,
        kind=JSON,
        headers={"Location": f"/notifications/{one.id}"},
    )


async def _send_many(raws: list[Any], accept: Accept, key: str, *, repeated: bool) -> Response[Any]:
    if len(raws) > ITEMS_MOST:
        return problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {ITEMS_MOST} notifications at a time"
        )
    if not raws:
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "there is no notification in it")
    key = key or new_id()
    read = [_read(raw, f"{key}-{at}") for at, raw in enumerate(raws)]
    good = [each for each in read if isinstance(each, Entry)]
    if repeated:
        acknowledged = [True] * len(good)
    else:
        acknowledged = await accept(good)
    if good and not any(acknowledged):
        return _unacknowledged()
    items = list(_items(read, acknowledged))
    accepted = sum(acknowledged)
    status = HTTPStatus.ACCEPTED if accepted == len(items) else HTTPStatus.MULTI_STATUS
    if not good:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    return Response(Many(accepted, items), status_code=status)


def new_id() -> str:
    """An id for a notification that came without one."""
    return f"{_chance.getrandbits(128):032x}"


def _lines(body: bytes, kind: str) -> list[Any]:
    if kind != NDJSON:
        return _raws(body)
    return [line for line in body.split(b"\n") if line and not line.isspace()]


def _read(raw: bytes, otherwise_id: str) -> Entry | str:
    """The notification, or what is wrong with it."""
    if len(raw) > ITEM_BYTES_MOST:
        return f"a notification has at most {ITEM_BYTES_MOST} bytes"
    try:
        return entry(_one(raw), bytes(raw), otherwise_id)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return str(error)


def _items(read: list[Entry | str], acknowledged: list[bool]) -> Iterator[Item]:
    answers = iter(acknowledged)
    for each in read:
        if isinstance(each, str):
            yield Item(INVALID, detail=each)
        elif next(answers):
            yield Item(ACCEPTED, each.id)
        else:
            yield Item(AWAY, each.id, "not acknowledged: send it again")


def entry(said: NewNotification, raw: bytes, otherwise_id: str) -> Entry:
    """What goes into Kafka: the bytes as they came where they are whole, else with what is missing.

    Args:
        said: what was said.
        raw: the bytes that it was read from; empty where there are none.
        otherwise_id: where no id was said.
    """
    key = str(said.user_id)
    others = said.data, said.created_ns, said.expires_ns
    if raw and said.id is not UNSET and said.priority is not UNSET and UNSET not in others:
        return Entry(said.id, said.priority, key, raw)
    created_ns = time.time_ns() if said.created_ns is UNSET else said.created_ns
    whole = Notification(
        id=otherwise_id if said.id is UNSET else said.id,
        user_id=said.user_id,
        channel=said.channel,
        priority="bulk" if said.priority is UNSET else said.priority,
        template=said.template,
        data={} if said.data is UNSET else said.data,
        created_ns=created_ns,
        expires_ns=created_ns + LIVES_NS if said.expires_ns is UNSET else said.expires_ns,
    )
    return Entry(whole.id, whole.priority, key, _encode(whole))


def _unacknowledged() -> Response[Any]:
    return problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "Kafka has not acknowledged it: send it again under the same key or id",
        headers={"Retry-After": str(RETRY_AFTER_S)},
    )
