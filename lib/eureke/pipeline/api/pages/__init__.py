"""Pages for a browser: the API's document, and a place to try GraphQL; nothing is from outside."""

from functools import partial
from importlib.resources import files
from typing import Any, Final

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from eureke.pipeline.api.guard import OPEN

KINDS: Final = {"html": "text/html", "js": "text/javascript"}
ONLY_OURS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
"""A browser loads nothing from anywhere else, whatever is in an answer."""


def handlers() -> list[HTTPRouteHandler]:
    """A handler for each file."""
    addresses = {
        "docs.html": "/docs",
        "docs.js": "/pages/docs.js",
        "graphql.html": "/graphiql",
        "graphql.js": "/pages/graphql.js",
    }
    return [_handler(name, address) for name, address in addresses.items()]


def _handler(name: str, address: str) -> HTTPRouteHandler:
    content = (files(__package__) / name).read_bytes()
    kind = KINDS[name.rpartition(".")[2]]

    def show() -> Response[bytes]:
        return Response(content, media_type=kind, headers=dict(ONLY_OURS))

    marked: Any = partial(get, address, sync_to_thread=False, include_in_schema=False)
    return marked(opt={OPEN: True}, name=name)(show)  # type: ignore[no-any-return]
