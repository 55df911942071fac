"""The process of the API: `python -m eureke.pipeline.api.server --port 8080`.

No state of its own: several of them share the database and the cache.
"""

import argparse
import gc
import logging
import sys
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

import redis
import uvicorn
from litestar import Controller, Litestar, Request, Response, Router, get
from litestar.openapi import OpenAPIConfig
from prometheus_client import CONTENT_TYPE_LATEST

from eureke import exposed
from eureke.errors import EurekeError
from eureke.pipeline.accounts import Accounts
from eureke.pipeline.api import graph, pages
from eureke.pipeline.api.behind import Behind
from eureke.pipeline.api.connection import connections
from eureke.pipeline.api.content import check_content, check_host
from eureke.pipeline.api.document import Document
from eureke.pipeline.api.guard import GRANTED, OPEN, Guard
from eureke.pipeline.api.keys import Keys
from eureke.pipeline.api.notifications import Notifications
from eureke.pipeline.api.observed import TOLD, Observed
from eureke.pipeline.api.problems import HANDLERS, problem
from eureke.pipeline.api.rate import Rate
from eureke.pipeline.api.users import Users
from eureke.pipeline.api.whole import Whole
from eureke.pipeline.directory import Directory
from eureke.pipeline.entrance import Entrance
from eureke.pipeline.preferences import PreferenceCache
from eureke.pipeline.statuses import Statuses
from eureke.pipeline.user_cache import UserCache
from eureke.settings import API_BODY_BYTES_MOST, API_IDLE_S, Settings, announce_ready

log = logging.getLogger(__name__)
GRACE_S: Final = 4


@get("/health", sync_to_thread=False, opt={OPEN: True})
def health() -> dict[str, str]:
    """Whether this process answers."""
    return {"status": "ok"}


@get("/metrics", sync_to_thread=False, media_type="text/plain", opt={OPEN: True})
def metrics() -> Response[bytes]:
    """What Prometheus asks for."""
    # Whole: Litestar would say the character set a second time.
    return Whole(exposed.text(), status=HTTPStatus.OK, kind=CONTENT_TYPE_LATEST, headers={})


def application(behind: Behind) -> Litestar:
    """The API over what is behind it."""
    settings = behind.settings
    guard = Guard(settings.api_tokens)

    async def admit(request: Request[Any, Any, Any]) -> Response[Any] | None:
        scope, headers = request.scope, request.headers  # once: Litestar looks for them each time
        misdirected = check_host(headers, settings.api_hosts)
        if misdirected is not None:
            return misdirected
        guard.check(scope, headers, request.route_handler.opt)
        token = scope.get(GRANTED)
        if token is not None and (refused := _counted(behind.rate, request, str(token))):
            return refused
        return _options(request) if request.method == "OPTIONS" else check_content(request, headers)

    return Litestar(
        [
            *(health, metrics),
            *(_over(behind, each) for each in (Users, Notifications)),
            graph.door(guard, behind),
            *(pages.handlers() if settings.teaching else ()),
        ],
        exception_handlers=HANDLERS,
        before_request=admit,
        logging_config=None,
        request_max_body_size=API_BODY_BYTES_MOST,
        openapi_config=OpenAPIConfig(
            title="eureke",
            version="1",
            operation_id_creator=lambda handler, _method, _path: handler.handler_name,
            render_plugins=[Document(path="/openapi.json")],
            openapi_router=Router(
                "/schema",
                route_handlers=[],
                opt={OPEN: True},
                include_in_schema=False,
                after_request=_no_page,
            ),
            use_handler_docstrings=True,
        ),
        on_startup=[_ready],
        on_shutdown=[behind.close],
    )


def _counted(rate: Rate, request: Request[Any, Any, Any], token: str) -> Response[Any] | None:
    """A problem where the token has asked too often; how many are left goes with every answer."""
    may, headers = rate.count(token)
    request.scope[TOLD] = headers  # type: ignore[typeddict-unknown-key]
    if may:
        return None
    _, reset_s = headers[-1]
    return problem(
        HTTPStatus.TOO_MANY_REQUESTS,
        "this token has asked too often",
        headers={"Retry-After": reset_s.decode()},
    )


def _options(request: Request[Any, Any, Any]) -> Response[None]:
    """All that can be done at an address: Litestar's own answer names one handler's method."""
    here = request.scope["path_template"]
    routes = [each for each in request.app.routes if each.path_format == here]
    allowed = {method for route in routes for method in getattr(route, "methods", ())}
    return Response(
        None, status_code=HTTPStatus.NO_CONTENT, headers={"Allow": ", ".join(sorted(allowed))}
    )


def _no_page(answer: Response[Any]) -> Response[Any]:
    """A problem in place of Litestar's page that there is nothing."""
    missing = answer.status_code == HTTPStatus.NOT_FOUND
    return problem(HTTPStatus.NOT_FOUND, "Not Found") if missing else answer


def _over(behind: Behind, controller: type[Controller]) -> type[Controller]:
    """A controller that knows what is behind: Litestar's way to it costs a tenth of a request."""
    return type(controller.__name__, (controller,), {"behind": behind})


def _forgetting(cache: Callable[[list[int]], None]) -> Callable[[list[int]], None]:
    """Drops what is cached of users; a cache that is away forgets by itself, some minutes later."""

    def forget(user_ids: list[int]) -> None:
        try:
            cache(user_ids)
        except redis.RedisError as error:
            log.warning("the cache was not told of a change of %s: %s", user_ids, error)

    return forget


def _behind(settings: Settings) -> Behind:
    accounts = Accounts(Directory(settings.users_url, timeout_s=settings.graphql_timeout_s))
    cache = UserCache(settings, accounts.get)
    accounts.when_changed += [
        _forgetting(cache.changed),
        _forgetting(PreferenceCache(settings).forget),
    ]
    return Behind(
        settings,
        accounts,
        cache,
        Entrance(settings),
        Keys(settings),
        Rate(settings),
        Statuses(settings),
    )


async def _ready() -> None:
    gc.collect()
    gc.freeze()  # what is there now stays: nobody has to look through it again and again
    gc.set_threshold(50_000, 20, 20)
    announce_ready()


def main() -> None:
    """Reads the arguments and serves until SIGTERM; requests under way finish."""
    parser = argparse.ArgumentParser(prog="eureke.pipeline.api.server")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    settings = Settings.of_process()
    try:
        exposed.serve()  # where somebody wants them at a port of their own, besides /metrics
        behind = _behind(settings)
    except EurekeError as error:
        sys.exit(str(error))
    uvicorn.run(
        Observed(application(behind), access_log=sys.stdout.buffer),
        host=given.host,
        port=given.port,
        http=connections(settings),
        ws_max_size=API_BODY_BYTES_MOST,
        log_level="warning",
        access_log=False,
        timeout_keep_alive=API_IDLE_S,
        timeout_graceful_shutdown=GRACE_S,
        server_header=False,
        proxy_headers=False,  # anybody could send them
    )


if __name__ == "__main__":
    main()
