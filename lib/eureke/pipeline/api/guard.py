"""Who may do what: bearer tokens, one that may read and one that may write as well."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers import BaseRouteHandler

from eureke.settings import SCOPES

READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
Guard = Callable[[ASGIConnection[Any, Any, Any, Any], BaseRouteHandler], None]


def guard(tokens: Mapping[str, str]) -> Guard:
    """Lets requests in by their token; `tokens` has one for each scope."""
    known = {scope: _digest(tokens[scope]) for scope in SCOPES}

    def let_in(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        scope = _scope(known, token) if scheme.lower() == "bearer" else None
        if scope is None:
            raise NotAuthorizedException(
                "a bearer token is needed, and it has to be right",
                headers={"WWW-Authenticate": 'Bearer realm="eureke"'},
            )
        reads = connection.scope.get("method") in READING or handler.opt.get("reads", False)
        if not reads and scope != "write":
            raise PermissionDeniedException("this token may read, and nothing else")

    return let_in


def _scope(known: Mapping[str, bytes], token: str) -> str | None:
    """The token's scope; every one is compared, so that the time tells nothing."""
    digest = _digest(token)
    matching = [scope for scope in SCOPES if hmac.compare_digest(known[scope], digest)]
    return matching[-1] if matching else None


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
