"""Where a page of a sorted list ends: the last value and id, as a word that a client hands back."""

import base64
import binascii
from typing import Annotated

import msgspec
from msgspec import Meta

from eureke.errors import BadParameter
from eureke.pipeline.tables import INTEGER_MOST

Id = Annotated[int, Meta(ge=0, le=INTEGER_MOST)]
Word = Annotated[str, Meta(pattern=r"^[^\x00]*$")]


def cursor_of(value: int | str, user_id: int, sort: str) -> str:
    """What begins a page behind that value and id, in that order."""
    told = msgspec.json.encode((sort, value, user_id))
    return base64.urlsafe_b64encode(told).decode().rstrip("=")


def read_cursor(cursor: str, sort: str) -> tuple[int | str, int]:
    """The value and id behind which a page begins.

    Raises:
        BadParameter: this server did not give it, or not for this order.
    """
    try:
        told = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        of, value, user_id = msgspec.json.decode(told, type=tuple[str, Id | Word, Id])
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        of, value, user_id = "", 0, 0
    if of != sort or isinstance(value, int) != (sort.removeprefix("-") == "id"):
        raise BadParameter(
            "the cursor is none of this list", remedy="take the one that the last page gave"
        )
    return value, user_id
