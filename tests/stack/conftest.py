"""Stacks of a test's own, the processes that own them, and what is left of them."""

import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest
from tests.waiting import wait_until

from eureke.programs.program import cache
from eureke.stack.choice import BACKEND_VARIABLE
from eureke.stack.engine import LABEL, Engine
from eureke.stack.folder import TOKEN_VARIABLE
from eureke.stack.stack import Stack
from eureke.stack.state import read_state

OWNER = """
import os, signal, sys, time
# A shell that runs the tests in the background has them ignore Ctrl-C, which is inherited.
signal.signal(signal.SIGINT, signal.default_int_handler)
from eureke.stack.stack import Stack
stack = Stack.start(only=("redis-queue",), say=lambda line: None)
print(stack.folder, flush=True)
"""


def quiet(_line: str) -> None:
    """Says nothing of what comes up."""


Eventually = Callable[[Callable[[], bool]], None]
Living = psutil.Process | str
"""A process, or the id of a container or a network."""
StartOwner = Callable[[str], tuple["subprocess.Popen[str]", Path]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the test's own for run folders; programs come from the checkout's cache."""
    monkeypatch.setenv("EUREKE_CACHE", str(cache()))
    monkeypatch.setenv("EUREKE_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture(params=["processes", "containers"])
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every test that uses it holds for both."""
    if request.param == "containers":
        request.getfixturevalue("engine")
    monkeypatch.setenv(BACKEND_VARIABLE, request.param)
    return str(request.param)


@pytest.fixture
def small(home: Path) -> Iterator[Stack]:
    """A stack of one Redis, of the test's own."""
    with Stack.start(only=("redis-queue",), say=quiet) as stack:
        yield stack


@pytest.fixture
def eventually() -> Eventually:
    """Waits until a condition holds; fails where it does not within 15 seconds."""
    return partial(wait_until, within_s=15)


@pytest.fixture
def start_owner(home: Path) -> Iterator[StartOwner]:
    """Starts a process that owns a stack of one Redis and then runs the lines given."""
    owners: list[subprocess.Popen[str]] = []

    def start(body: str) -> tuple["subprocess.Popen[str]", Path]:
        owner = subprocess.Popen(
            [sys.executable, "-c", OWNER + body],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        owners.append(owner)
        assert owner.stdout is not None
        return owner, Path(owner.stdout.readline().strip())

    yield start
    for owner in owners:
        owner.kill()
        owner.communicate()


@pytest.fixture
def family() -> Callable[[Path], list[Living]]:
    """Finds all that carries the mark of a running stack, its supervisor included."""

    def find(folder: Path) -> list[Living]:
        state = read_state(folder)
        token = state.token
        found: list[Living] = []
        if state.backend == "containers":
            found += made_with_engine(folder)
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get(TOKEN_VARIABLE) == token:
                    found.append(process)
        return found

    return find


@pytest.fixture
def all_gone(eventually: Eventually) -> Callable[[Path, list[Living]], None]:
    """Waits until all have ended and their run folder holds nothing but logs."""

    def check(folder: Path, living: list[Living]) -> None:
        eventually(lambda: not any(alive(each, folder) for each in living))
        eventually(lambda: [path.name for path in folder.iterdir()] == ["logs"])

    return check


def made_with_engine(folder: Path) -> list[Living]:
    """Ids of all containers and networks of a stack."""
    client = Engine.connect().client
    marked = {"label": f"{LABEL}={folder}"}
    containers = client.containers.list(all=True, filters=marked, ignore_removed=True)
    return [each.id for each in (*containers, *client.networks.list(filters=marked))]


def alive(process: Living, folder: Path) -> bool:
    """Whether it still runs; a process that only waits to be collected does not."""
    if isinstance(process, str):
        return process in made_with_engine(folder)
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
