"""A scenario from a file, run a number of times without a notebook."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from eureke.measure.results import Result
from eureke.outages import outages
from eureke.run import Run
from eureke.scenario import Scenario
from eureke.stack.stack import Stack


def repeated(
    scenario: Scenario,
    *,
    times: int,
    say: Callable[[str], None],
    backends: Sequence[str] = ("auto",),
    results_folder: Path | None = None,
) -> Iterator[Result]:
    """A result for each time, each on a stack of its own; several backends take turns."""
    for number in range(1, times + 1):
        for backend in backends:
            say(f"run {number} of {times}: {scenario.name}")
            with Stack.start(scenario=scenario, backend=backend, say=say) as stack:
                yield once(scenario, stack, results_folder=results_folder)


def once(scenario: Scenario, stack: Stack, *, results_folder: Path | None = None) -> Result:
    """One result: the flat-out load, then whatever else the scenario asks for."""
    run = Run.begin(scenario, stack, results_folder=results_folder)
    run.flat_out()
    if scenario.open_loop_s:
        run.open_loop()
    if scenario.one_each:
        run.one_each()
    for outage in outages(scenario):
        run.outage(outage)
    return run.close()
