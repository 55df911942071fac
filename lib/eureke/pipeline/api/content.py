"""What a body may be, and what an answer can be: 415 and 406 in place of a guess."""

import re
from collections.abc import Collection
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final

from litestar import Request, Response
from litestar.datastructures import Headers

from eureke.pipeline.api.problems import problem

PORT: Final = re.compile(r":[0-9]+$")
NOT_OUR_NAME: Final = "this server does not go by that name"
JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"
GRAPHQL_RESPONSE: Final = "application/graphql-response+json"
MERGE_PATCH: Final = "application/merge-patch+json"
TAKEN: Final = {"POST": (JSON,), "PUT": (JSON,), "PATCH": (MERGE_PATCH, JSON)}
GIVEN: Final = frozenset(
    {
        *("*/*", "application/*", JSON, "application/problem+json"),
        *(GRAPHQL_RESPONSE, "application/vnd.oai.openapi+json"),
        *("text/*", "text/plain", "text/html", "text/javascript", "text/css"),
    }
)


def check_host(headers: Headers, hosts: Collection[str]) -> Response[Any] | None:
    """A problem where the server is asked by a name that is not its own (DNS rebinding)."""
    if is_own_name(headers, hosts):
        return None
    return problem(HTTPStatus.MISDIRECTED_REQUEST, NOT_OUR_NAME)


def is_own_name(headers: Headers, hosts: Collection[str]) -> bool:
    """Whether the server is asked by a name of its own; where it has none, any will do."""
    named = headers.get("host", "")
    return not hosts or named in hosts or _without_port(named) in hosts


# Clients say the same in every request; few answers are kept, as anybody may say anything.
@lru_cache(maxsize=32)
def _without_port(host: str) -> str:
    return PORT.sub("", host)


def kind_of(headers: Headers) -> str:
    """What the body is said to be, without its parameters."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def check_content(request: Request[Any, Any, Any], headers: Headers) -> Response[Any] | None:
    """A problem where the body or the answer would be of a kind that is not spoken here."""
    taken = request.route_handler.opt.get("takes") or TAKEN.get(request.method)
    if taken:
        if kind_of(headers) not in taken:
            return problem(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                f"a body has to be {' or '.join(taken)}",
                headers={f"Accept-{request.method.title()}": ", ".join(taken)},
            )
        chunked = "transfer-encoding" in headers
        if not chunked and headers.get("content-length", "0") == "0":
            return problem(HTTPStatus.BAD_REQUEST, "a body is needed")
    if not _can_be_given(headers.get("accept", "*/*")):
        return problem(HTTPStatus.NOT_ACCEPTABLE, f"answers are {JSON}")
    return None


@lru_cache(maxsize=32)
def _can_be_given(accept: str) -> bool:
    kinds = {each.partition(";")[0].strip().lower() for each in accept.split(",")}
    return bool(kinds & GIVEN)
