"""The API's doors, each right after the framework's bare hello, in interleaved rounds.

Kafka and the cache run; dispatchers, workers and the provider do not, so that the doors are
measured and not what is behind them. Client and servers share the cores.
"""

from collections.abc import Callable
from typing import Any, Final

import pandas as pd
import requests

from eureke.experiments.hammering import BARE, LINES, NDJSON, graph, hammered, hello
from eureke.stack.stack import Stack

CONNECTIONS: Final = 64
NEEDED: Final = ("redis-cache", "kafka", "api-1")
NOTE: Final = (
    '{"user_id": 7, "channel": "email", "template": "hello", "data": {"to": "a@b.example"}}'
)


def doors(
    stack: Stack, *, rounds: int, count: int = 10_000, say: Callable[[str], None]
) -> pd.DataFrame:
    """How many each door takes, round by round.

    Args:
        stack: with an API and Kafka, and nobody who reads.
        rounds: each has every door once, after one that is not counted.
        count: requests of each.
        say: is told of each round.

    Returns:
        A row for each measurement: round, door, ratio (to the bare one right before it: a machine
        changes its speed within seconds) and what `hammered` gives.
    """
    ways = _ways(_ada(stack), count)
    rows: list[dict[str, Any]] = []
    with hello(stack) as url:
        for number in range(rounds + 1):
            for door, options in ways.items():
                bare = _hammered(stack, {"path": url, "count": count})
                found = _hammered(stack, options)
                ratio = found["items_per_s"] / bare["items_per_s"]
                if number:
                    rows.append({"round": number, "door": BARE, "ratio": 1.0} | bare)
                    rows.append({"round": number, "door": door, "ratio": ratio} | found)
            say(f"round {number} of {rounds}" + ("" if number else " (a warm-up)"))
    return pd.DataFrame(rows)


def told(table: pd.DataFrame) -> pd.DataFrame:
    """Median, least and most over the rounds."""

    def spread(values: pd.Series, form: str) -> str:
        low, middle, high = (format(each, form) for each in values.quantile([0, 0.5, 1]))
        return f"{middle} ({low} to {high})"

    forms = {
        "items_per_s": ",.0f",
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


def _hammered(stack: Stack, options: dict[str, Any]) -> dict[str, Any]:
    return hammered(stack, name="hammer", **({"connections": CONNECTIONS} | options))


def _ways(user_id: int, count: int) -> dict[str, dict[str, Any]]:
    send = {"path": "/notifications", "method": "POST", "body": NOTE}
    many = {"body": "\n".join([NOTE] * LINES), "kind": NDJSON, "items_each": LINES}
    many |= {"count": max(1, count // 50), "connections": 2}
    query = graph(f"{{ user(id: {user_id}) {{ id username email }} }}")
    return {
        "GET /users/{id}, at hand": {"path": f"/users/{user_id}", "count": count},
        "POST /notifications, one": send | {"count": count},
        f"POST /notifications, {LINES:,} lines": send | many,
        "GraphQL, a user": send | {"path": "/graphql", "body": query, "count": count // 5},
        "POST one, open loop at 300/s": send | {"count": count * 3 // 20, "rate_per_s": 300.0},
    }


def _ada(stack: Stack) -> int:
    headers = {"Authorization": f"Bearer {stack.settings.api_tokens['write']}"}
    ada = {"username": "ada", "email": "ada@example.com"}
    url = f"{stack.settings.api_url}/users"
    answer = requests.post(url, json=ada, headers=headers, timeout=10)
    answer.raise_for_status()
    return int(answer.json()["id"])
