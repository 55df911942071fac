"""The process of the API: `python -m eureke.pipeline.api.server --port 8080`.

No state of its own: several of them share the database and the cache.
"""

import argparse
import logging
import sys
from functools import partial
from typing import Final

import redis
import uvicorn
from litestar import Litestar, get
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from eureke.errors import EurekeError
from eureke.pipeline.accounts import Accounts
from eureke.pipeline.api import graph
from eureke.pipeline.api.content import check_content
from eureke.pipeline.api.guard import guard
from eureke.pipeline.api.problems import HANDLERS
from eureke.pipeline.api.users import Users
from eureke.pipeline.preferences import PreferenceCache
from eureke.pipeline.users import Directory
from eureke.settings import Settings, announce_ready

log = logging.getLogger(__name__)
BODY_BYTES_MOST: Final = 1 << 20
GRACE_S: Final = 4


@get("/health", sync_to_thread=False)
def health() -> dict[str, str]:
    """Whether this process answers."""
    return {"status": "ok"}


def application(accounts: Accounts, settings: Settings) -> Litestar:
    """The API over these users."""
    controller = graph.controller(teaching=True)
    controller.guards = [guard(settings.api_tokens)]
    controller.opt = {"reads": True}
    Users.guards = [guard(settings.api_tokens)]
    return Litestar(
        [health, Users, controller],
        dependencies={"accounts": Provide(lambda: accounts, sync_to_thread=False)},
        exception_handlers=HANDLERS,
        before_request=check_content,
        request_max_body_size=BODY_BYTES_MOST,
        openapi_config=OpenAPIConfig(
            title="eureke", version="1", render_plugins=[JsonRenderPlugin(path="/openapi.json")]
        ),
        on_startup=[_ready],
    )


def _forget(cache: PreferenceCache, user_ids: list[int]) -> None:
    """Drops what is cached of users; a cache that is away forgets by itself, some minutes later."""
    try:
        cache.forget(user_ids)
    except redis.RedisError as error:
        log.warning("the cache was not told of a change of %s: %s", user_ids, error)


async def _ready() -> None:
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
        forget = partial(_forget, PreferenceCache(settings))
        accounts = Accounts(Directory(settings.users_url), forget=forget)
    except EurekeError as error:
        sys.exit(str(error))
    uvicorn.run(
        application(accounts, settings),
        host=given.host,
        port=given.port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=GRACE_S,
        server_header=False,
    )


if __name__ == "__main__":
    main()
