"""Every error as Problem Details (RFC 9457): what is wrong, where, and nothing of the inside."""

import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ExceptionHandlersMap

from eureke.errors import BadParameter, EurekeError
from eureke.pipeline.accounts import Changed, Missing, Taken
from eureke.pipeline.answers import KeyReused

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER_S: Final = 1
OUR_FAULT: Final = "this is our fault, and it is in our log"
log = logging.getLogger(__name__)


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a client is told; `type` is left out where the status says it all."""

    title: str
    status: int
    detail: str = ""
    errors: list[dict[str, str]] = []
    """Of fields: where and what."""


def problem(
    status: int,
    detail: str = "",
    *,
    errors: list[dict[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response[Problem]:
    """A response that says what is wrong."""
    told = Problem(
        title=HTTPStatus(status).phrase, status=status, detail=detail, errors=errors or []
    )
    return Response(told, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def _http(_request: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    headers = dict(error.headers or {})
    if "allow" in headers:  # Litestar also names WebSocket, which is no method
        methods = headers["allow"].split(", ")
        headers["allow"] = ", ".join(sorted(each for each in methods if each.isupper()))
    return problem(error.status_code, error.detail, headers=headers)


def _invalid(_request: Request[Any, Any, Any], error: ValidationException) -> Response[Problem]:
    """A field that cannot be: of the body it is 422, of the address 400."""
    found = error.extra if isinstance(error.extra, list) else []
    errors = [
        {"field": str(each.get("key", "")), "message": str(each.get("message", ""))}
        for each in found
        if isinstance(each, dict)
    ]
    of_address = any(
        isinstance(each, dict) and each.get("source") not in (None, "body") for each in found
    )
    return problem(
        HTTPStatus.BAD_REQUEST if of_address else HTTPStatus.UNPROCESSABLE_ENTITY,
        "some values cannot be",
        errors=errors,
    )


def _broken(_request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    log.error("an error that nobody expected", exc_info=error)
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, OUR_FAULT)


def _away(_request: Request[Any, Any, Any], error: EurekeError) -> Response[Problem]:
    log.error("%s", error)
    return problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "something behind this server does not answer",
        headers={"Retry-After": str(RETRY_AFTER_S)},
    )


def _of(status: HTTPStatus, detail: str) -> Callable[..., Response[Problem]]:
    return lambda _request, _error: problem(status, detail)


HANDLERS: Final[ExceptionHandlersMap] = {
    Missing: _of(HTTPStatus.NOT_FOUND, "there is no such user"),
    Taken: _of(HTTPStatus.CONFLICT, "somebody else has this username"),
    Changed: _of(HTTPStatus.PRECONDITION_FAILED, "it is not what you have seen any more"),
    KeyReused: _of(HTTPStatus.UNPROCESSABLE_ENTITY, "the key came before, with another body"),
    BadParameter: lambda _request, error: problem(HTTPStatus.UNPROCESSABLE_ENTITY, error.what),
    msgspec.DecodeError: lambda _request, error: problem(
        HTTPStatus.BAD_REQUEST, f"no JSON: {error}"
    ),
    RecursionError: _of(HTTPStatus.BAD_REQUEST, "the body is nested too deeply"),
    UnicodeDecodeError: _of(HTTPStatus.BAD_REQUEST, "the body is not UTF-8"),
    msgspec.ValidationError: lambda _request, error: problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, str(error)
    ),
    EurekeError: _away,
    ValidationException: _invalid,
    HTTPException: _http,
    Exception: _broken,
}
