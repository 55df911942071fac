"""The results store: a folder a run, under a temporary name until it is whole."""

import os
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import msgspec
import pandas as pd

from eureke.errors import LoadFailed, ResultUnreadable
from eureke.places import home
from eureke.scenario import Scenario

SCHEMA: Final = 1
OWNER: Final = ".owner"
OWNER_VARIABLE: Final = "EUREKE_OWNER"
"""Who runs the notebook: so that of two runs at once each finds its own result."""
RUN_ID: Final = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}")


def store() -> Path:
    """The folder of all results."""
    return home() / "results"


@dataclass(frozen=True)
class Result:
    """One run's folder."""

    folder: Path

    @property
    def run_id(self) -> str:
        """When the run began, and four digits of chance."""
        return self.folder.name.removeprefix(".").removesuffix(".partial")

    @cached_property
    def summary(self) -> dict[str, Any]:
        """The numbers of the run."""
        return self._json("summary.json")

    @cached_property
    def run(self) -> dict[str, Any]:
        """Scenario, machine, versions, floors and phases."""
        return self._json("run.json")

    @cached_property
    def timeline(self) -> pd.DataFrame:
        """Series over time: t_s, phase, series, value."""
        return self._table("timeline.parquet")

    @cached_property
    def samples(self) -> pd.DataFrame:
        """A row for each notification of the open loop; empty where there was none."""
        if not (self.folder / "samples.parquet").exists():
            return pd.DataFrame()
        return self._table("samples.parquet")

    @cached_property
    def urgent(self) -> pd.DataFrame:
        """A row for each urgent notification sent beside a load; empty where there was none."""
        if not (self.folder / "urgent.parquet").exists():
            return pd.DataFrame(columns=["phase", "intended_s", "receipt_ms"])
        return self._table("urgent.parquet")

    def _json(self, name: str) -> dict[str, Any]:
        try:
            values = msgspec.json.decode((self.folder / name).read_bytes(), type=dict[str, Any])
        except (OSError, ValueError) as error:  # what msgspec raises is a ValueError, all of it
            raise self._unreadable(name, error) from error
        if values.get("schema") != SCHEMA:
            raise ResultUnreadable(
                f"{name} of {self.run_id} has schema {values.get('schema')}, this eureke reads "
                f"{SCHEMA}",
                remedy="read it with the version of eureke that wrote it, or run again",
            )
        return values

    def table(self, name: str) -> pd.DataFrame:
        """A table that a chapter has kept."""
        return self._table(f"{name}.parquet")

    def _table(self, name: str) -> pd.DataFrame:
        try:
            return pd.read_parquet(self.folder / name)
        except (OSError, ValueError) as error:
            raise self._unreadable(name, error) from error

    def _unreadable(self, name: str, error: Exception) -> ResultUnreadable:
        return ResultUnreadable(
            f"{name} of the result {self.run_id} cannot be read: {error}",
            remedy="the folder is damaged or of a run that was killed: remove it and run again",
        )


class ResultWriter:
    """A result in the making; `close` gives it its name."""

    def __init__(self, root: Path | None = None) -> None:
        run_id = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        self.run_id = run_id
        self.root = root or store()
        self.folder = self.root / f".{run_id}.partial"
        try:
            self.folder.mkdir(parents=True)
            (self.folder / OWNER).write_text(os.environ.get(OWNER_VARIABLE, ""))
        except OSError as error:
            raise LoadFailed(
                f"the results folder {self.root} cannot be written: {error}",
                remedy="make it writable, or name another folder",
            ) from error

    def write_json(self, name: str, values: Mapping[str, Any]) -> None:
        """Writes a JSON file, whole or not at all."""
        content = msgspec.json.format(
            msgspec.json.encode({"schema": SCHEMA, "run_id": self.run_id} | dict(values)), indent=2
        )
        write_whole(self.folder / name, content)

    def close(self) -> Result:
        """Renames the folder to its final name."""
        final = self.root / self.run_id
        self.folder.rename(final)
        self.folder = final
        return Result(final)


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file that is never seen half written, not even after a power cut."""
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def backend_text(run: Mapping[str, Any]) -> str:
    """Where a run's servers ran, and whether their images are the official ones."""
    stand_ins = any("stand-in" in image for image in run.get("images", {}).values())
    backend = str(run.get("backend", "unknown backend"))
    return f"{backend}, stand-in images" if stand_ins else backend


def list_results(root: Path | None = None) -> list[Result]:
    """All results, the oldest first; folders of runs that were killed are left out."""
    folder = root or store()
    found = [each for each in folder.glob("*") if RUN_ID.fullmatch(each.name)]
    return [Result(each) for each in sorted(found)]


def load_result(run_id: str = "", root: Path | None = None) -> Result:
    """The result of that run id, or the newest one.

    Raises:
        ResultUnreadable: there is no such result, or it is damaged.
    """
    known = list_results(root)
    if not run_id:
        if not known:
            raise ResultUnreadable("there are no results yet", remedy="make one: `make run`")
        return known[-1]
    for result in known:
        if result.run_id == run_id:
            _ = result.summary
            return result
    raise ResultUnreadable(
        f"there is no result {run_id!r}", remedy="`eureke results` lists those there are"
    )


def of_scenario(name: str, root: Path | None = None) -> list[Result]:
    """The results of a scenario, the oldest first; damaged and aborted ones are left out.

    Raises:
        ResultUnreadable: there is none.
    """
    found, names = [], set()
    for result in list_results(root):
        try:
            summary, _ = result.summary, result.run
        except ResultUnreadable:
            continue
        if summary.get("throughput_per_s") and not summary.get("aborted"):
            names.add(summary["scenario"])
            found += [result] if summary["scenario"] == name else []
    if not found:
        raise ResultUnreadable(
            f"there is no result of the scenario {name!r}",
            remedy=f"one of: {', '.join(sorted(names))}" if names else "make one with `make bench`",
        )
    return found


def sets(results: Iterable[Result]) -> list[list[Result]]:
    """The results, those of the same scenario, machine and backend together.

    What a scenario does not name is as it is by itself: older runs knew fewer names.
    """
    found: dict[bytes, list[Result]] = {}
    for result in results:
        run, machine = result.run, result.run["machine"]
        scenario = msgspec.to_builtins(Scenario()) | run["scenario"]
        place = [run["backend"], machine["processor"], machine["cores_usable"]]
        found.setdefault(msgspec.json.encode([scenario, *place]), []).append(result)
    return list(found.values())


def adopt(owner: str, *, reason: str = "", root: Path | None = None) -> Result | None:
    """The newest result of an owner; one that was cut off is closed as aborted.

    Args:
        owner: what the run found in the variable EUREKE_OWNER.
        reason: why it was cut off, where it was.
        root: the folder of all results.
    """
    folder = root or store()
    for partial in sorted(folder.glob(".*.partial")):
        if not _owned(partial, owner):
            continue
        run_id = partial.name.removeprefix(".").removesuffix(".partial")
        for name in ("run.json", "summary.json"):
            if not (partial / name).exists():
                told = {"schema": SCHEMA, "run_id": run_id, "aborted": True, "abort_reason": reason}
                write_whole(partial / name, msgspec.json.encode(told))
        partial.rename(folder / run_id)
    own = [result for result in list_results(root) if _owned(result.folder, owner)]
    return own[-1] if own else None


def _owned(folder: Path, owner: str) -> bool:
    try:
        return (folder / OWNER).read_text() == owner
    except OSError:
        return False
