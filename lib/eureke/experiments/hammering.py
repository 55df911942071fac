"""One request again and again on a stack: what came of it, and what it cost the API."""

import contextlib
import json
import time
from collections.abc import Iterator
from typing import Any, Final

import msgspec
import psutil
import requests

from eureke.errors import LoadFailed
from eureke.stack.ports import free_ports
from eureke.stack.stack import Stack
from eureke.world.hammer import Hammered

LINES: Final = 1_000
"""Notifications of one request of many."""
NDJSON: Final = "application/x-ndjson"
BARE: Final = "bare hello"
GOOD: Final = frozenset({"200", "202"})


def graph(query: str) -> str:
    """The body of a GraphQL request."""
    return json.dumps({"query": query})


def hammered(
    stack: Stack, path: str, *, name: str, items_each: int = 1, **options: Any
) -> dict[str, Any]:
    """What came of one request again and again.

    Args:
        stack: with an API.
        path: of the API, or a whole URL.
        name: of the process that sends it.
        items_each: how many items one request carries.
        options: see `_sent`.

    Returns:
        items, items_per_s, p50_ms and p99_ms of a request, bytes_each on the wire, cpu_ms_each of
        the API for each item.

    Raises:
        LoadFailed: it was answered with an error.
    """
    began_s = _cpu_s(stack)
    found = _sent(stack, path, name=name, **options)
    if set(found.statuses) - GOOD:
        raise LoadFailed(f"{path} was answered with {found.statuses}", remedy="see the API's log")
    items = found.count * items_each
    answered = sum(found.statuses.values()) * items_each
    return {
        "items": items,
        "items_per_s": items / found.took_s,
        "p50_ms": found.p50_ms,
        "p99_ms": found.p99_ms,
        "bytes_each": (found.sent_bytes + found.received_bytes) / items,
        "cpu_ms_each": (_cpu_s(stack) - began_s) * 1000 / answered,
    }


def _sent(
    stack: Stack,
    path: str,
    *,
    name: str,
    count: int,
    connections: int,
    method: str = "GET",
    body: str = "",
    kind: str = "application/json",
    rate_per_s: float = 0.0,
    warm_up: int = 0,
) -> Hammered:
    """Sends it by a process of its own; closed loop, or open at a rate."""
    base = "" if path.startswith("http") else stack.settings.api_url
    folder = stack.shared / "work"
    headers = {"Authorization": f"Bearer {stack.settings.api_tokens['write']}"}
    headers |= {"Content-Type": kind} if body else {}
    asked, out = folder / f"{name}.request.json", folder / f"{name}.json"
    asked.write_bytes(msgspec.json.encode({"headers": headers, "body": body}))
    stack.launch(
        name,
        "eureke.world.hammer",
        *("--url", f"{base}{path}", "--method", method, "--request", str(asked)),
        *("--count", str(count), "--connections", str(connections)),
        *("--rate", str(rate_per_s), "--warm-up", str(warm_up), "--out", str(out)),
        contained=False,
    )
    stack.wait(name, timeout_s=300)
    asked.unlink()
    return msgspec.json.decode(out.read_bytes(), type=Hammered)


@contextlib.contextmanager
def hello(stack: Stack) -> Iterator[str]:
    """The URL of a bare server of the same framework, for as long as the block lasts."""
    (port,) = free_ports(1)
    stack.launch("hello", "eureke.peers.hello", "--port", str(port), contained=False)
    url = f"http://127.0.0.1:{port}/hello"
    limit_s = time.monotonic() + 20
    try:
        while not _answers(url):
            if time.monotonic() > limit_s:
                raise LoadFailed(
                    f"the bare server does not answer: {stack.logs('hello')}",
                    remedy="see its log",
                )
            time.sleep(0.05)
        yield url
    finally:
        stack.kill("hello")


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.ConnectionError:
        return False


def _cpu_s(stack: Stack) -> float:
    """Processor time of the API so far, and of the bare server."""
    used = 0.0
    for each in stack.status():
        if each.name.startswith(("api-", "hello")) and each.running:
            times = psutil.Process(each.pid).cpu_times()
            used += times.user + times.system
    return used
