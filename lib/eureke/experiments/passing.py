"""A run whose result nobody keeps: the chapter keeps the tables that it makes of it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eureke.errors import LoadFailed
from eureke.measure.account import Account
from eureke.phase import Phase
from eureke.run import Run
from eureke.scenario import Scenario
from eureke.stack.stack import Stack


@contextmanager
def passing(stack: Stack, scenario: Scenario) -> Iterator[Run]:
    """A run in a folder that is gone after the block."""
    with tempfile.TemporaryDirectory(prefix="eureke-") as folder:
        yield Run.begin(scenario, stack, results_folder=Path(folder), floor=False)


def closed(phase: Phase) -> Phase:
    """The phase, if its account closes.

    Raises:
        LoadFailed: it does not, so that it is no measurement.
    """
    check_closes(phase.name, phase.account)
    return phase


def check_closes(name: str, account: Account) -> None:
    """Raises LoadFailed where the account of a load does not close."""
    if not account.closes:
        raise LoadFailed(
            f"the account of {name} does not close: {account}",
            remedy="see the logs of dispatchers and workers",
        )
