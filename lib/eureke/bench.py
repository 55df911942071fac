"""A scenario from a file, run a number of times without a notebook."""

import contextlib
from collections.abc import Callable, Generator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import get_type_hints

import msgspec

from eureke.errors import BadParameter
from eureke.experiments.rounds import to_and_fro
from eureke.measure.machine import fingerprint
from eureke.measure.reference import RUNS_LEAST, Reference, slowness
from eureke.measure.results import Result
from eureke.measure.verify import Verdict, unlike, verdict
from eureke.outages import outages
from eureke.peers.ways import NAIVE
from eureke.phase import plan
from eureke.run import Run
from eureke.scenario import Scenario, check_names
from eureke.stack.stack import Stack


def swept(scenario: Scenario, sweep: str) -> tuple[str, list[Scenario]]:
    """The name of what changes, and the scenario with each value of `name=value,value`.

    Raises:
        BadParameter: an unknown name, no value, or one that cannot be.
    """
    name, equals, words = sweep.partition("=")
    given = [word.strip() for word in words.split(",") if word.strip()]
    if not equals or not given:
        raise BadParameter(
            f"the sweep {sweep!r} has no values", remedy="write it as --sweep batch_max=1,50,500"
        )
    kinds = get_type_hints(Scenario)
    check_names([name], allowed=kinds)
    try:
        values = [msgspec.convert(word, type=kinds[name], strict=False) for word in given]
    except msgspec.ValidationError as error:
        raise BadParameter(
            f"the sweep {sweep!r} cannot be read: {error}",
            remedy=f"give values as {getattr(scenario, name)!r} is one",
        ) from error
    if len(set(values)) < len(values):
        raise BadParameter(f"the sweep {sweep!r} has a value twice", remedy="name each once")
    return name, [replace(scenario, **{name: value}) for value in values]


def repeated(
    scenarios: Sequence[Scenario],
    *,
    times: int,
    say: Callable[[str], None],
    backends: Sequence[str] = ("auto",),
    results_folder: Path | None = None,
) -> Generator[Result]:
    """A result for each time, scenario and backend, in turns, each on a stack of its own."""
    sides = [(scenario, backend) for scenario in scenarios for backend in backends]
    for number, (scenario, backend) in to_and_fro(sides, rounds=times):
        say(f"run {number + 1} of {times}: {scenario.name}")
        with Stack.start(scenario=scenario, backend=backend, say=say) as stack:
            yield once(scenario, stack, results_folder=results_folder)


def once(scenario: Scenario, stack: Stack, *, results_folder: Path | None = None) -> Result:
    """One result: the flat-out load, then whatever else the scenario asks for."""
    run = Run.begin(scenario, stack, results_folder=results_folder)
    run.flat_out()
    if scenario.open_loop_s:
        run.open_loop()
    if scenario.one_each:
        run.send_by(NAIVE, plan(scenario, name="one-each", count=scenario.one_each))
    for outage in outages(scenario):
        run.outage(outage)
    return run.close()


def verified(
    reference: Reference,
    *,
    most: int,
    say: Callable[[str], None],
    results_folder: Path | None = None,
) -> tuple[Verdict, list[Result]]:
    """Runs the reference's scenario until it is clear whether it is reproduced, or `most` times.

    Where this machine is of another kind nothing is run: nobody could tell.
    """
    other = unlike(reference, machine=asdict(fingerprint()), backend=reference.backend)
    if other:
        return Verdict(word="CANNOT TELL", reason=other), []
    scenario = Scenario.of(reference.scenario)
    found: list[Result] = []
    told = Verdict(word="CANNOT TELL", reason="nothing was run")
    runs = repeated(
        [scenario], times=most, say=say, backends=[reference.backend], results_folder=results_folder
    )
    with contextlib.closing(runs):
        for result in runs:
            found.append(result)
            told = verdict(reference, found)
            say(f"{result.run_id}: {slowness(result.summary):.2f} s for each of the yardstick")
            lost = not result.summary["accounted"]
            if lost or (len(found) >= RUNS_LEAST and told.word != "CANNOT TELL"):
                break
    return told, found
