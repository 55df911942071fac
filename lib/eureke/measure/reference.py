"""The reference results of the repository: what runs of a scenario were like."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from eureke.errors import BadParameter, ResultUnreadable
from eureke.measure.ratios import interval
from eureke.measure.results import SCHEMA, Result, write_whole
from eureke.places import home

FOLDER: Final = Path("benchmarks", "reference")
JUDGED: Final = ("wall_s", "yardstick_cpu_s")
KEPT: Final = (
    *JUDGED,
    "throughput_per_s",
    "floor_ratio",
    "floor_drift",
    "kafka_floor_s",
    "system_cpu_s",
    "equipment_cpu_s",
    "peak_rss_mib",
    "receipt_ms",
)
RUNS_LEAST: Final = 5
"""Of either side: with fewer nobody can tell."""
APART_MOST: Final = 1.15
"""Where the ends of their median's interval are farther apart, runs are no reference."""
MACHINE: Final = ("processor", "architecture", "cores_usable", "memory_gib", "python")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Some runs of one scenario, on one machine, of one commit."""

    schema: int
    scenario: dict[str, Any]
    machine: dict[str, Any]
    backend: str
    commit: str
    runs: list[dict[str, Any]]
    """Each with `run_id` and the numbers of its summary that are judged."""

    def slowness(self) -> list[float]:
        """That of each run."""
        return [slowness(run) for run in self.runs]


def slowness(numbers: Mapping[str, Any]) -> float:
    """Seconds of the pipeline for each processor second of provider and observer, by a summary.

    They do the same for every notification, in the very seconds that are measured: what slows down
    the machine slows down both.

    Raises:
        BadParameter: nothing was seen of the equipment.
    """
    if not numbers.get("yardstick_cpu_s"):
        raise BadParameter(
            "a run saw no processor time of its own provider and observer",
            remedy="run it again where processes may be looked at, with more notifications",
        )
    return float(numbers["wall_s"]) / float(numbers["yardstick_cpu_s"])


def reference_path(name: str) -> Path:
    """Where the reference of a scenario is."""
    return home() / FOLDER / f"{name}.json"


def read_reference(path: Path) -> Reference:
    """A reference.

    Raises:
        ResultUnreadable: it is not there, damaged, or of another schema.
    """
    try:
        written = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
        schema = written.get("schema")
        found = msgspec.convert(written, type=Reference) if schema == SCHEMA else None
    except (OSError, ValueError) as error:  # what msgspec raises is a ValueError, all of it
        raise _unreadable(path, str(error)) from error
    if found is None:
        raise ResultUnreadable(
            f"the reference {path.name} has schema {schema}, this eureke reads {SCHEMA}",
            remedy="use the version that wrote it, or make a new one: `eureke reference RUN …`",
        )
    for name in JUDGED:
        if not all(isinstance(run.get(name), (int, float)) for run in found.runs):
            raise _unreadable(path, f"a run of it has no {name}")
    return found


def _unreadable(path: Path, why: str) -> ResultUnreadable:
    return ResultUnreadable(
        f"the reference {path.name} cannot be read: {why}",
        remedy="restore it by `git checkout benchmarks/reference`, or make one: "
        "`eureke reference RUN RUN RUN RUN RUN`",
    )


def write_reference(results: Sequence[Result], path: Path | None = None) -> Path:
    """Writes the reference of some results of one scenario; one that is there is not overwritten.

    Raises:
        BadParameter: the results differ in what must be alike, one is not to be believed, or
            they are too few.
    """
    check_alike(results)
    for result in results:
        _check_fit(result)
    first = results[0]
    for result in results:
        if result.run["machine"]["commit"] != first.run["machine"]["commit"]:
            raise BadParameter(
                f"{first.run_id} and {result.run_id} are of different commits",
                remedy="name results of one commit",
            )
    if len(results) < RUNS_LEAST:
        raise BadParameter(
            f"{len(results)} runs are too few for a reference",
            remedy=f"name {RUNS_LEAST} or more; of nine a slow-down is found sooner",
        )
    _check_close([slowness(each.summary) for each in results])
    out = path or reference_path(first.run["scenario"]["name"])
    if out.exists():
        raise BadParameter(
            f"there is a reference {out.name} already", remedy="remove it first, if it is outdated"
        )
    reference = Reference(
        schema=SCHEMA,
        scenario=first.run["scenario"],
        machine={name: first.run["machine"][name] for name in MACHINE},
        backend=str(first.run["backend"]),
        commit=str(first.run["machine"]["commit"]),
        runs=[_kept(result) for result in results],
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    write_whole(out, msgspec.json.format(msgspec.json.encode(reference), indent=2) + b"\n")
    return out


def _check_close(found: Sequence[float]) -> None:
    low, high = interval(found) or (0.0, 0.0)
    if high > low * APART_MOST:
        raise BadParameter(
            "these runs lie too far apart for a reference: their median is "
            f"{low:.2f} to {high:.2f} seconds for each processor second of the equipment",
            remedy="run more of them, in an hour in which this machine has nothing else to do",
        )


def check_alike(results: Sequence[Result]) -> None:
    """Raises BadParameter unless all results are of the same scenario, machine and backend, each
    named once."""
    check_whole(results)
    first = told(results[0])
    for result in results[1:]:
        for what, value in told(result).items():
            if value != first[what]:
                raise BadParameter(
                    f"{results[0].run_id} and {result.run_id} differ in {what}: "
                    f"{_difference(first[what], value)}",
                    remedy="name results of one scenario, machine and backend",
                )


def check_whole(results: Sequence[Result]) -> None:
    """Raises BadParameter where a run was aborted, or is there twice: it would count for two."""
    seen: set[str] = set()
    for result in results:
        if result.summary.get("aborted"):
            raise BadParameter(
                f"{result.run_id} was aborted", remedy="leave it out, or run the scenario again"
            )
        if result.run_id in seen:
            raise BadParameter(f"{result.run_id} is named twice", remedy="name each run once")
        seen.add(result.run_id)


def told(result: Result) -> dict[str, Any]:
    """What has to be alike before results are put together."""
    if "scenario" not in result.run:
        raise BadParameter(
            f"{result.run_id} is the result of a chapter", remedy="name results of a scenario"
        )
    machine = result.run["machine"]
    return {
        "scenario": result.run["scenario"],
        "machine": {name: machine[name] for name in MACHINE},
        "backend": result.run["backend"],
    }


def _difference(first: Any, other: Any) -> str:
    if isinstance(first, Mapping):
        for name, value in first.items():
            if other.get(name) != value:
                return f"{name} is {value!r} and {other.get(name)!r}"
    return f"{first!r} and {other!r}"


def _check_fit(result: Result) -> None:
    summary, machine = result.summary, result.run["machine"]
    trouble = {
        "is not accounted for": not summary.get("accounted"),
        "is not valid": not summary.get("valid"),
        "is of a checkout with uncommitted changes": machine["dirty"] is not False,
    }
    for what, so in trouble.items():
        if so:
            raise BadParameter(
                f"{result.run_id} {what}", remedy="leave it out, or run the scenario again"
            )


def _kept(result: Result) -> dict[str, Any]:
    return {"run_id": result.run_id} | {name: result.summary.get(name) for name in KEPT}
