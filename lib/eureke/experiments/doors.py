"""The API's doors beside the framework's bare hello, in interleaved rounds.

Kafka and the cache run; dispatchers, workers and the provider do not, so that the doors are
measured and not what is behind them. Client and servers share the cores.
"""

from collections.abc import Callable
from typing import Any, Final

import pandas as pd
import requests

from eureke.experiments.protocols import LINES, cpu_s, graph, hammered, hello
from eureke.stack.stack import Stack

CONNECTIONS: Final = 64
BARE: Final = "bare hello"
NEEDED: Final = ("redis-cache", "kafka", "api-1")
NOTE: Final = (
    '{"user_id": 7, "channel": "email", "template": "hello", "data": {"to": "a@b.example"}}'
)


def doors(stack: Stack, *, rounds: int, count: int = 10_000, say: Callable[[str], None]) -> Any:
    """How many each door takes, round by round.

    Args:
        stack: with an API and Kafka, and nobody who reads.
        rounds: each has every door once, after one that is not counted.
        count: requests of each.
        say: is told of each round.

    Returns:
        A row for each round and door: round, door, per_s, p50_ms, p99_ms, cpu_ms_each, ratio (to
        the bare one of the same round).
    """
    user_id = _ada(stack)
    rows: list[dict[str, Any]] = []
    with hello(stack) as bare:
        ways = _ways(bare, user_id, count)
        for number in range(rounds + 1):
            some = [_row(stack, door, options) for door, options in ways.items()]
            fastest = next(each["per_s"] for each in some if each["door"] == BARE)
            if number:
                rows += [
                    each | {"round": number, "ratio": each["per_s"] / fastest} for each in some
                ]
            say(f"round {number} of {rounds}" + ("" if number else " (a warm-up)"))
    return pd.DataFrame(rows)


def told(table: pd.DataFrame) -> pd.DataFrame:
    """Median, least and most over the rounds."""

    def spread(values: pd.Series, form: str) -> str:
        low, middle, high = (format(each, form) for each in values.quantile([0, 0.5, 1]))
        return f"{middle} ({low} to {high})"

    forms = {
        "per_s": ",.0f",
        "ratio": ".2f",
        "p50_ms": ".1f",
        "p99_ms": ".1f",
        "cpu_ms_each": ".3f",
    }
    return pd.DataFrame(
        {
            str(door): {name: spread(rows[name], form) for name, form in forms.items()}
            for door, rows in table.groupby("door", sort=False)
        }
    ).T


def _ways(bare: str, user_id: int, count: int) -> dict[str, dict[str, Any]]:
    send = {"path": "/notifications", "method": "POST", "body": NOTE}
    lines = "\n".join([NOTE] * LINES)
    query = graph(f"{{ user(id: {user_id}) {{ id username email }} }}")
    return {
        BARE: {"path": bare, "count": count},
        "GET /users/{id}, at hand": {"path": f"/users/{user_id}", "count": count},
        "POST /notifications, one": send | {"count": count},
        f"POST /notifications, {LINES:,} lines": send
        | {"body": lines, "kind": "application/x-ndjson", "count": 200, "connections": 2},
        "GraphQL, a user": {
            "path": "/graphql",
            "method": "POST",
            "body": query,
            "count": count // 5,
        },
        "POST one, open loop at 300/s": send | {"count": 1_500, "rate_per_s": 300.0},
    }


def _row(stack: Stack, door: str, options: dict[str, Any]) -> dict[str, Any]:
    began_s = cpu_s(stack)
    found = hammered(stack, name="hammer", **({"connections": CONNECTIONS} | options))
    items = found.count * (LINES if "lines" in door else 1)
    return {
        "door": door,
        "per_s": items / found.took_s,
        "p50_ms": found.p50_ms,
        "p99_ms": found.p99_ms,
        "cpu_ms_each": (cpu_s(stack) - began_s) * 1000 / items,
    }


def _ada(stack: Stack) -> int:
    headers = {"Authorization": f"Bearer {stack.settings.api_tokens['write']}"}
    ada = {"username": "ada", "email": "ada@example.com"}
    url = f"{stack.settings.api_url}/users"
    answer = requests.post(url, json=ada, headers=headers, timeout=10)
    answer.raise_for_status()
    return int(answer.json()["id"])
