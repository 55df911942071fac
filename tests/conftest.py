"""What all suites share: one warm stack for the whole session."""

import os
from collections.abc import Iterator

import pytest

from eureke.errors import EurekeError
from eureke.scenario import Scenario
from eureke.stack.stack import Stack


def _quiet(_line: str) -> None:
    """Says nothing of what comes up."""


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Everything up, warm, for tests that break nothing; skipped where it cannot come up."""
    try:
        warm = Stack.start(scenario=Scenario(), say=_quiet)
    except EurekeError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no stack on this machine: {error}")
    with warm:
        yield warm
