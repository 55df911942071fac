"""Who may do what: bearer tokens, one that may read and one that may write as well."""

import hmac
from collections.abc import Mapping
from typing import Any, Final

from litestar.datastructures import Headers
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.types import Scope

from eureke.settings import SCOPES

READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN: Final = "open"
"""Option of a handler that anybody may call."""
UNKNOWN_CALLER: Final = "a bearer token is needed, and it has to be right"
READS_ONLY: Final = "this token may read, and nothing else"
GRANTED: Final = "granted"
"""Where the scope of a request's token is kept."""
READS: Final = "reads"
"""Option of a handler that changes nothing, whatever its method."""


class Guard:
    """Lets requests in by their token; `tokens` has one for each scope."""

    def __init__(self, tokens: Mapping[str, str]) -> None:
        self._known = {scope: tokens[scope].encode() for scope in SCOPES}

    def scope_of(self, token: str) -> str | None:
        """The token's scope; every one is compared, so that the time tells nothing."""
        told = token.encode()
        matching = [scope for scope in SCOPES if hmac.compare_digest(self._known[scope], told)]
        return matching[-1] if matching else None

    def check(self, scope: Scope, headers: Headers, options: Mapping[str, Any]) -> None:
        """Returns where the token is there and may; notes its scope in that of the request.

        Args:
            scope: of the request.
            headers: have the token.
            options: of the handler.

        Raises:
            NotAuthorizedException: there is no token, or a wrong one.
            PermissionDeniedException: the token may not.
        """
        if options.get(OPEN):
            return
        scheme, _, token = headers.get("authorization", "").partition(" ")
        granted = self.scope_of(token) if scheme.lower() == "bearer" else None
        if granted is None:
            raise NotAuthorizedException(
                UNKNOWN_CALLER,
                headers={"WWW-Authenticate": 'Bearer realm="eureke"'},
            )
        scope[GRANTED] = granted  # type: ignore[typeddict-unknown-key]
        reads = scope.get("method") in READING or options.get(READS, False)
        if not reads and granted != "write":
            raise PermissionDeniedException(READS_ONLY)
