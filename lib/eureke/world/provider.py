"""The provider: a real HTTP server that stands in for a third party, and keeps its own record.

`python -m eureke.world.provider --port N --record FILE`. `POST /v1/CHANNEL` takes a JSON array of
notifications; the id of each is its idempotency key. It answers with the items that failed:
`{"accepted": n, "failed": [[index, status, reason, retry_after_ms], …]}`.
"""

import argparse
import asyncio
import gc
import random
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from eureke import exposed
from eureke.errors import BadParameter, EurekeError
from eureke.notification import CHANNELS
from eureke.settings import announce_ready
from eureke.world.behaviour import Behaviour
from eureke.world.provider_metrics import counted, took
from eureke.world.record import Effects, Keys, Record

FLUSH_S = 0.2
KEYS_MOST = 3_000_000
BODY_MOST = 64 * 2**20
REJECTED = 422
UNAVAILABLE = 503


class _To(msgspec.Struct, gc=False):
    to: str = ""


class _Item(msgspec.Struct, gc=False):
    id: str
    data: _To


_items = msgspec.json.Decoder(list[_Item]).decode
Failed = list[tuple[int, int, str, int]]


class Provider:
    """Takes notifications, each idempotency key once, and fails as it is told to."""

    def __init__(self, record: Record, behaviour: Behaviour) -> None:
        self._record = record
        self.become(behaviour)
        self._keys = Keys(KEYS_MOST)
        self._failed_once: set[str] = set()
        self._counts = {"requests": 0, "effects": 0, "repeats": 0, "rejected": 0, "failed": 0}

    def become(self, behaviour: Behaviour) -> None:
        """Changes how it answers from now on."""
        self._behaviour = behaviour
        self._chance = random.Random(behaviour.seed)

    def application(self) -> web.Application:
        """The server's routes."""
        app = web.Application(client_max_size=BODY_MOST, middlewares=[counted])
        app.router.add_post("/v1/{channel}", self._post)
        app.router.add_get("/health", self._health)
        app.router.add_get("/counts", self._show_counts)
        app.router.add_get("/settings", self._show_settings)
        app.router.add_put("/settings", self._put_settings)
        app.cleanup_ctx.append(self._keep_record)
        return app

    async def _post(self, request: web.Request) -> web.StreamResponse:
        channel = request.match_info["channel"]
        if channel not in CHANNELS:
            raise web.HTTPNotFound(text=f"no channel {channel!r}; one of: {', '.join(CHANNELS)}")
        self._counts["requests"] += 1
        try:
            items = _items(await request.read())
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise web.HTTPBadRequest(
                text=f"the body is no array of notifications: {error}"
            ) from error
        behaviour = self._behaviour
        mishap = behaviour.mishap(self._chance, channel)
        latency_s = behaviour.latency_s(self._chance)
        if latency_s:
            await asyncio.sleep(latency_s)
        match mishap:
            case "unavailable":
                return web.Response(status=UNAVAILABLE)
            case "throttled":
                return web.Response(
                    status=429, headers={"Retry-After": f"{behaviour.retry_after_s:g}"}
                )
            case "reset-before":
                return _reset(request)
        failed = self._deliver(channel, items)
        if mishap == "reset-after":
            self._record.flush()
            return _reset(request)
        if mishap == "stalled":
            self._record.flush()
            await asyncio.sleep(behaviour.stall_s)
        answer = {"accepted": len(items) - len(failed), "failed": failed}
        return web.Response(body=msgspec.json.encode(answer), content_type="application/json")

    def _deliver(self, channel: str, items: list[_Item]) -> Failed:
        """Takes what can be taken; gives what failed."""
        failed: Failed = []
        effects: list[str] = []
        repeats: list[str] = []
        rejected = 0
        for index, item in enumerate(items):
            if item.data.to.endswith(".invalid"):
                failed.append((index, REJECTED, "there is no such recipient", 0))
                rejected += 1
            elif self._stumbles(item.id):
                failed.append((index, UNAVAILABLE, "this item failed, try again", 0))
            elif self._keys.take(item.id) or not self._behaviour.honours_keys:
                effects.append(item.id)
            else:
                repeats.append(item.id)
        if effects or repeats:
            self._record.add(Effects(time.monotonic_ns(), channel, effects, repeats))
        self._counts["effects"] += len(effects)
        self._counts["repeats"] += len(repeats)
        self._counts["failed"] += len(failed)
        results = {"effect": len(effects), "repeat": len(repeats), "rejected": rejected}
        took(channel, results | {"failed": len(failed) - rejected})
        return failed

    def _stumbles(self, key: str) -> bool:
        """Whether an item fails now: those that fail at all do so at their first attempt."""
        if not self._behaviour.fails_at_first(key):
            return False
        if key in self._failed_once:
            self._failed_once.discard(key)
            return False
        self._failed_once.add(key)
        return True

    async def _health(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "ready"})

    async def _show_counts(self, _request: web.Request) -> web.Response:
        return web.json_response(self._counts)

    async def _show_settings(self, _request: web.Request) -> web.Response:
        return web.json_response(msgspec.to_builtins(self._behaviour))

    async def _put_settings(self, request: web.Request) -> web.Response:
        try:
            values: dict[str, Any] = msgspec.json.decode(await request.read(), type=dict[str, Any])
            self.become(self._behaviour.changed(values))
        except msgspec.MsgspecError as error:
            raise web.HTTPUnprocessableEntity(
                text=f"the body is no JSON object: {error}"
            ) from error
        except BadParameter as error:
            raise web.HTTPUnprocessableEntity(text=str(error)) from error
        return await self._show_settings(request)

    async def _keep_record(self, _app: web.Application) -> Any:
        async def flush_often() -> None:
            while True:
                await asyncio.sleep(FLUSH_S)
                self._record.flush()

        flushing = asyncio.create_task(flush_often())
        gc.collect()
        gc.freeze()
        announce_ready()
        yield
        flushing.cancel()
        self._record.close()


def _reset(request: web.Request) -> web.Response:
    """Cuts the connection instead of answering."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=UNAVAILABLE)


def main() -> None:
    """Reads the arguments and serves until SIGTERM."""
    parser = argparse.ArgumentParser(prog="eureke.world.provider")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--record", type=Path, required=True)
    given = parser.parse_args()
    try:
        exposed.serve()
    except EurekeError as error:
        sys.exit(str(error))
    provider = Provider(Record(given.record), Behaviour())
    web.run_app(
        provider.application(),
        host=given.host,
        port=given.port,
        access_log=None,
        print=None,
        shutdown_timeout=1,
    )


if __name__ == "__main__":
    main()
