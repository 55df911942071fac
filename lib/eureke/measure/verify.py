"""Whether runs here are like those of the reference: a verdict with its reason.

Machines differ, and one machine differs from minute to minute, so what is judged is a ratio: how
long the pipeline took by what the test equipment needed of a processor in the same seconds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from eureke.errors import BadParameter
from eureke.measure.ratios import Ratio, ratio
from eureke.measure.reference import RUNS_LEAST, Reference, check_whole, slowness, told
from eureke.measure.results import Result

Word = Literal["REPRODUCED", "NOT REPRODUCED", "CANNOT TELL"]
CLEAR: Final = 1.10
"""A difference whose whole interval is beyond this is one."""
EXCLUDED: Final = 1.20
"""Likeness is claimed where a difference as large as this is outside of the interval.

Of a few runs a bootstrap's interval is narrower than it says: at 1.25 it let one slow-down of a
quarter in a hundred pass for likeness, with 5.5 % between runs; at 1.20 none in a thousand.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A word, and why."""

    word: Word
    reason: str
    slower: Ratio | None = None
    """Here by the reference's; None where nothing was compared."""


def check_fits(reference: Reference, result: Result) -> None:
    """Raises BadParameter where a result is of another scenario than the reference."""
    ours = told(result)["scenario"]
    for name, value in reference.scenario.items():
        if ours.get(name) != value:
            raise BadParameter(
                f"the reference has {name} = {value!r}, {result.run_id} has {ours.get(name)!r}",
                remedy="compare runs of the reference's own scenario: `eureke verify`",
            )


def verdict(reference: Reference, results: Sequence[Result]) -> Verdict:
    """Whether the results reproduce the reference.

    Raises:
        BadParameter: a result is of another scenario, was aborted, or is there twice.
    """
    check_whole(results)
    for result in results:
        check_fits(reference, result)
    lost = [result.run_id for result in results if not result.summary["accounted"]]
    if lost:
        return Verdict(
            word="NOT REPRODUCED", reason=f"the account of {', '.join(lost)} does not close"
        )
    for result in results:
        here = told(result)
        other = unlike(reference, machine=here["machine"], backend=here["backend"])
        if other:
            return Verdict(word="CANNOT TELL", reason=f"{result.run_id}: {other}")
    usable = [each.summary for each in results if each.summary["valid"]]
    if len(usable) < RUNS_LEAST:
        few = len(results) < RUNS_LEAST
        why = "give more" if few else "the machine is too busy"
        return Verdict(
            word="CANNOT TELL",
            reason=f"{len(usable)} of {len(results)} runs may be believed, {RUNS_LEAST} are "
            f"needed: {why}",
        )
    slower = ratio([slowness(each) for each in usable], reference.slowness())
    return _judged(slower, len(usable), len(reference.runs))


def _judged(slower: Ratio, here: int, there: int) -> Verdict:
    runs = f"{slower} times the reference's time by the yardstick, {here} runs against {there}"
    if slower.low > CLEAR or slower.high < 1 / CLEAR:
        word: Word = "NOT REPRODUCED"
        way = "slower" if slower.low > CLEAR else "faster"
        why = f"clearly {way}, by more than {CLEAR - 1:.0%}"
    elif slower.high < EXCLUDED and slower.low > 1 / EXCLUDED:
        word, why = "REPRODUCED", f"a difference of {EXCLUDED - 1:.0%} is outside of the interval"
    else:
        word, why = "CANNOT TELL", "the interval is too wide: more runs, or a quieter machine"
    return Verdict(word=word, reason=f"{runs}: {why}", slower=slower)


def unlike(reference: Reference, *, machine: Mapping[str, Any], backend: str) -> str:
    """What makes a comparison pointless; empty where nothing does."""
    if backend != reference.backend:
        return f"the reference ran as {reference.backend}, this as {backend}"
    for name in ("architecture", "cores_usable"):
        ours, theirs = machine[name], reference.machine[name]
        if ours != theirs:
            return (
                f"the reference's machine has {name} {theirs}, this one {ours}: with another "
                "number of cores other parts hold each other up"
            )
    return ""
