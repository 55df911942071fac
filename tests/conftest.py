"""What all suites share: one warm stack for the whole session, and one of containers."""

import os
from collections.abc import Iterator
from typing import Any, NoReturn

import pytest
from xdist.scheduler import LoadFileScheduling

from eureke.errors import EurekeError, ServiceFailed
from eureke.scenario import Scenario
from eureke.stack.choice import BACKEND_VARIABLE
from eureke.stack.engine import Engine
from eureke.stack.stack import Stack

WARM = (
    "tests/experiments/test_journey.py",
    "tests/faults/test_faults.py",
    "tests/faults/test_scale.py",
    "tests/measure/",
    "tests/pipeline/",
    "tests/stack/test_catalogue.py",
    "tests/stack/test_contained.py",
    "tests/stack/test_servers.py",
    "tests/test_bench.py",
    "tests/test_chapter.py",
    "tests/test_clients.py",
    "tests/test_outages.py",
    "tests/test_run.py",
    "tests/world/test_sender.py",
)
"""Files whose tests use the warm stacks. A file that is not named starts them once more."""

# A test that says nothing else is about processes, whatever this machine has.
os.environ[BACKEND_VARIABLE] = "processes"


class Sharing(LoadFileScheduling):  # type: ignore[misc]  # it has no types
    """All files that use the warm stacks go to one process: two idle ones keep busy a third of a
    core."""

    def _split_scope(self, nodeid: str) -> str:
        file = str(super()._split_scope(nodeid))
        return "warm stacks" if file.startswith(WARM) else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Sharing:
    """How files are shared out among the processes of one session."""
    return Sharing(config, log)


def quiet(_line: str) -> None:
    """Says nothing of what comes up."""


def _cannot(what: str, error: EurekeError) -> NoReturn:
    """Skips on a laptop; in CI what cannot be tested is a failure."""
    if os.environ.get("CI") == "true":
        raise error
    pytest.skip(f"{what} on this machine: {error}")


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Everything up, warm, for tests that break nothing; skipped where it cannot come up."""
    try:
        warm = Stack.start(scenario=Scenario(), say=quiet)
    except EurekeError as error:
        _cannot("no stack", error)
    with warm:
        yield warm


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """A Docker engine; skipped where none answers."""
    try:
        found = Engine.connect()
    except ServiceFailed as error:
        _cannot("no engine", error)
    yield found
    found.close()


@pytest.fixture(scope="session")
def contained(engine: Engine) -> Iterator[Stack]:
    """Everything up as containers, Prometheus included, warm, for tests that break nothing."""
    with Stack.start(scenario=Scenario(monitoring=True), backend="containers", say=quiet) as warm:
        yield warm
