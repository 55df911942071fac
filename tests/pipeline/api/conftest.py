"""The API as a process of its own, on either database."""

import contextlib
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import requests
from sqlalchemy import create_engine, text
from tests.waiting import wait_until

from eureke.settings import SETTINGS_VARIABLE, Settings
from eureke.stack.ports import free_ports
from eureke.stack.stack import Stack

TOKENS = {"read": "reader-token", "write": "writer-token"}

ALWAYS_THE_SAME = hypothesis.settings(
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[
        hypothesis.HealthCheck.too_slow,
        hypothesis.HealthCheck.filter_too_much,
    ],
)
"""For what asks a real server: the same examples each time, however long they take."""


class Client(requests.Session):
    """A session that knows the server and has a token."""

    def __init__(self, base: str, token: str = TOKENS["write"]) -> None:
        super().__init__()
        self.base = base
        self.headers["Authorization"] = f"Bearer {token}"

    def request(  # type: ignore[override]
        self, method: str, url: str, **options: object
    ) -> requests.Response:
        options.setdefault("timeout", 10)
        return super().request(method, f"{self.base}{url}", **options)  # type: ignore[arg-type]


def with_own_users(stack: Stack, folder: Path, **others: Any) -> Settings:
    """The stack's settings with the tests' tokens, and a users database in that folder."""
    url = f"sqlite:///{folder / 'users.db'}"
    return replace(stack.settings, users_url=url, api_tokens=TOKENS, **others)


def served(settings: Settings, folder: Path) -> Iterator[str]:
    """A server with these settings; gives its address."""
    with serving(settings, folder) as (base, _):
        yield base


@contextlib.contextmanager
def serving(
    settings: Settings, folder: Path, *, port: int = 0
) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """A server with these settings: its address and its process."""
    file = folder / "settings.json"
    port = port or free_ports(1)[0]
    settings.write(file)
    with (folder / "api.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "eureke.pipeline.api.server", "--port", str(port)],
            env={SETTINGS_VARIABLE: str(file), "PATH": "/usr/bin:/bin"},
            stdout=log,
            stderr=log,
            cwd=folder,
        )
    base = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        assert process.poll() is None, (folder / "api.log").read_text()
        try:
            return requests.get(f"{base}/health", timeout=1).ok
        except requests.ConnectionError:
            return False

    try:
        wait_until(answers, within_s=20, what="the API's answer")
        yield base, process
    finally:
        process.terminate()
        process.wait(30)


@contextlib.contextmanager
def two_replicas(settings: Settings, folder: Path) -> Iterator[tuple[Client, Client]]:
    """A client of each of two servers with these settings."""
    folders = [folder / name for name in ("one", "two")]
    for each in folders:
        each.mkdir()
    with (
        serving(settings, folders[0]) as (base_one, _),
        serving(settings, folders[1]) as (base_two, _),
        Client(base_one) as one,
        Client(base_two) as two,
    ):
        yield one, two


def own_database(url: str) -> str:
    """A database of the tests' own on the same server, where the stack's people are not."""
    name = f"api_{secrets.token_hex(4)}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return f"{url.rpartition('/')[0]}/{name}"


def on_database(request: pytest.FixtureRequest, folder: Path, **others: Any) -> Settings:
    """Settings for the database that a fixture's parameter names, with nobody in it."""
    if request.param == "sqlite":
        return with_own_users(request.getfixturevalue("stack"), folder, **others)
    stack: Stack = request.getfixturevalue("contained")
    url = own_database(stack.settings.users_url)
    return replace(stack.settings, users_url=url, api_tokens=TOKENS, **others)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def api(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an API with nobody in its database but those whom tests make."""
    folder = tmp_path_factory.mktemp("api")
    yield from served(on_database(request, folder), folder)


@pytest.fixture(scope="module")
def door(api: str) -> Iterator[Client]:
    """A client that may do everything, and leaves what it has made."""
    with Client(api) as found:
        yield found


@pytest.fixture
def client(api: str) -> Iterator[Client]:
    """A client that may do everything; whom it has made is gone afterwards."""
    with Client(api) as found:
        yield found
        while users := found.get("/users?limit=100").json()["items"]:
            for user in users:
                found.delete(f"/users/{user['id']}")


def without_a_stack(folder: Path, **others: Any) -> Settings:
    """Settings of a server that has a database in that folder, and nothing else."""
    (nobody,) = free_ports(1)
    return Settings(
        kafka=f"127.0.0.1:{nobody}",
        redis_queue=f"redis://127.0.0.1:{nobody}/0",
        redis_cache=f"redis://127.0.0.1:{nobody}/0",
        provider_url=f"http://127.0.0.1:{nobody}",
        users_url=f"sqlite:///{folder / 'users.db'}",
        api_tokens=TOKENS,
        **others,
    )


@pytest.fixture
def lonely(tmp_path: Path) -> Iterator[tuple[Client, Path]]:
    """A server without Redis, and the file of its database."""
    for base in served(without_a_stack(tmp_path), tmp_path):
        with Client(base) as client:
            yield client, tmp_path / "users.db"


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server without Redis and Kafka: for what is decided before these."""
    folder = tmp_path_factory.mktemp("alone")
    yield from served(without_a_stack(folder), folder)
