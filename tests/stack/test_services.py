"""Replicas of the API as a stack runs them, on either backend."""

import signal
from collections.abc import Iterator

import pytest
import requests
from tests.waiting import wait_until

from eureke.scenario import Scenario
from eureke.stack.display import environment
from eureke.stack.stack import Stack

ADA = {"username": "ada", "email": "ada@example.com"}


@pytest.mark.usefixtures("home")
def test_replicas_of_the_api_share_everything(backend: str) -> None:
    """Who is made by one is seen, changed and removed by the other; one that dies is missed."""
    needed = ("redis-cache", "postgres") if backend == "containers" else ("redis-cache",)
    with Stack.start(scenario=Scenario(apis=2), only=(*needed, "api-1", "api-2")) as stack:
        assert environment(stack)["EUREKE_API"] == stack.settings.api_url
        one, two = (f"http://{stack.addresses[name]}/users" for name in ("api-1", "api-2"))
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {stack.settings.api_tokens['write']}"
        made = session.post(one, json=ADA, timeout=10).json()
        assert session.get(f"{two}/{made['id']}", timeout=10).json() == made
        stack.kill("api-1")
        assert stack.ended() == ["api-1"]
        assert session.delete(f"{two}/{made['id']}", timeout=10).status_code == 204
        stack.start_service("api-1")
        assert session.get(f"{one}/{made['id']}", timeout=10).status_code == 404


@pytest.mark.usefixtures("home")
def test_requests_under_way_finish_when_a_replica_ends() -> None:
    """SIGTERM stops the door, not what is inside."""
    with Stack.start(scenario=Scenario(apis=1), only=("redis-cache", "api-1")) as stack:
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {stack.settings.api_tokens['write']}"
        users = stack.settings.api_url + "/users"

        def body() -> Iterator[bytes]:
            yield b'{"username": "ada", '
            stack.kill("api-1", signal.SIGTERM)
            yield b'"email": "ada@example.com"}'

        headers = {"Content-Type": "application/json"}
        answer = session.post(users, data=body(), headers=headers, timeout=10)
        assert answer.status_code == 201
        wait_until(lambda: stack.ended() == ["api-1"], within_s=10)
