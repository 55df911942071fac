"""The client that remembers each call, against a server whose answers are known."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from itertools import pairwise

import pytest
from aiohttp import web

from eureke.world.caller import Call, Caller


def called(
    answers: list[int], *, keys: bool, count: int, over: Callable[[], bool] = lambda: True
) -> tuple[list[Call], Counter[str]]:
    """What a caller remembers of a server that gives these answers in turn, 0 for a cut line, then
    only good ones; and how often the server saw each key, empty where there was none."""
    seen: Counter[str] = Counter()
    waiting = list(answers)

    async def answer(request: web.Request) -> web.Response:
        if request.method == "POST":
            seen[request.headers.get("Idempotency-Key", "")] += 1
        status = waiting.pop(0) if waiting else 200
        if not status:
            assert request.transport is not None
            request.transport.close()
        return web.Response(status=status or 200)

    async def run() -> list[Call]:
        application = web.Application()
        application.router.add_route("*", "/{any:.*}", answer)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        caller = Caller(
            f"http://{host}:{port}", "token", rate_per_s=200, keys=keys, prefix="c", connections=4
        )
        try:
            return await caller.run(count, begin_ns=time.monotonic_ns(), over=over)
        finally:
            await runner.cleanup()

    return asyncio.run(run()), seen


def test_reads_and_writes_take_turns_at_their_times() -> None:
    """Each is due a two-hundredth of a second after the one before, and no later for it."""
    calls, seen = called([], keys=True, count=6)
    assert [each.method for each in calls] == ["GET", "POST"] * 3
    gaps = {b.due_ns - a.due_ns for a, b in pairwise(calls)}
    assert gaps == {5_000_000}
    assert {each.status for each in calls} == {200}
    assert set(seen.values()) == {1}


def test_it_goes_on_until_it_is_told() -> None:
    """What was asked for first is made in any case, at the same rate."""
    looks = iter([False, False, True])
    calls, _ = called([], keys=True, count=4, over=lambda: next(looks))
    assert len(calls) == 6
    assert {b.due_ns - a.due_ns for a, b in pairwise(calls)} == {5_000_000}


@pytest.mark.parametrize("trouble", [503, 0])
def test_what_may_be_repeated_is_repeated_under_the_same_key(trouble: int) -> None:
    """A server's fault, or a line that was cut."""
    calls, seen = called([200, trouble], keys=True, count=2)
    assert [(each.status, each.tries) for each in calls] == [(200, 1), (200, 2)]
    assert list(seen.values()) == [2]


@pytest.mark.parametrize("trouble", [503, 0])
def test_a_write_without_a_key_is_sent_once(trouble: int) -> None:
    """Nobody knows whether it had its effect."""
    calls, seen = called([200, trouble], keys=False, count=2)
    assert [(each.status, each.tries) for each in calls] == [(200, 1), (trouble, 1)]
    assert seen == {"": 1}


def test_a_refusal_is_an_answer() -> None:
    """What the client did wrong stays wrong."""
    calls, _ = called([404], keys=True, count=1)
    assert (calls[0].status, calls[0].tries) == (404, 1)
