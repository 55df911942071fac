"""The reference results of the repository: what runs of a scenario were like."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from eureke.errors import BadParameter, ResultUnreadable
from eureke.measure.results import SCHEMA, Result, write_whole
from eureke.places import home

FOLDER: Final = Path("benchmarks", "reference")
KEPT: Final = (
    "floor_ratio",
    "floor_drift",
    "throughput_per_s",
    "wall_s",
    "kafka_floor_s",
    "system_cpu_s",
    "peak_rss_mib",
    "receipt_ms",
)
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

    def values(self, name: str) -> list[float]:
        """A number of each run."""
        return [float(run[name]) for run in self.runs]


def reference_path(name: str) -> Path:
    """Where the reference of a scenario is."""
    return home() / FOLDER / f"{name}.json"


def read_reference(path: Path) -> Reference:
    """A reference.

    Raises:
        ResultUnreadable: it is not there, damaged, or of another schema.
    """
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Reference)
    except (OSError, msgspec.MsgspecError) as error:
        raise ResultUnreadable(
            f"the reference {path.name} cannot be read: {error}",
            remedy="restore it by `git checkout benchmarks/reference`, or make one: "
            "`eureke reference RUN RUN RUN`",
        ) from error
    if found.schema != SCHEMA:
        raise ResultUnreadable(
            f"the reference {path.name} has schema {found.schema}, this eureke reads {SCHEMA}",
            remedy="use the version that wrote it, or make a new one: `eureke reference RUN …`",
        )
    return found


def write_reference(results: Sequence[Result], path: Path | None = None) -> Path:
    """Writes the reference of some results of one scenario; one that is there is not overwritten.

    Raises:
        BadParameter: the results differ in what must be alike, or one is not to be believed.
    """
    check_alike(results)
    for result in results:
        _check_fit(result)
    first = results[0]
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


def check_alike(results: Sequence[Result]) -> None:
    """Raises BadParameter unless all results are of the same scenario, machine and backend."""
    first = told(results[0])
    for result in results[1:]:
        for what, value in told(result).items():
            if value != first[what]:
                raise BadParameter(
                    f"{results[0].run_id} and {result.run_id} differ in {what}: "
                    f"{_difference(first[what], value)}",
                    remedy="name results of one scenario, machine and backend",
                )


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
        "was aborted": summary.get("aborted"),
        "is not accounted for": not summary.get("accounted"),
        "is not valid": not summary.get("valid"),
        "has no valid ratio to the floor": not summary.get("floor_ratio_valid"),
        "is of a checkout with uncommitted changes": machine["dirty"] is not False,
    }
    for what, so in trouble.items():
        if so:
            raise BadParameter(
                f"{result.run_id} {what}", remedy="leave it out, or run the scenario again"
            )


def _kept(result: Result) -> dict[str, Any]:
    return {"run_id": result.run_id} | {name: result.summary.get(name) for name in KEPT}
