"""Running a notebook with parameters, through papermill."""

import contextlib
import logging
import os
import secrets
import signal
import sys
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final

import papermill
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.exceptions import PapermillExecutionError

from eureke.errors import LoadFailed
from eureke.learn import PAPERMILL_VARIABLE
from eureke.measure.results import OWNER_VARIABLE, Result, adopt
from eureke.notebooks.estimate import check, estimate
from eureke.notebooks.parameters import checked, source
from eureke.notebooks.report import write_html
from eureke.places import home, keep_inside

CELL_SLACK_S: Final = 600.0
ALL_SLACK_S: Final = 1200.0


@dataclass(frozen=True, slots=True)
class Executed:
    """A notebook that ran: its executed copy, its report, and the result it made."""

    notebook: Path
    html: Path
    result: Result | None


def execute(
    name: str, *, profile: str = "smoke", parameters: Mapping[str, Any] | None = None
) -> Executed:
    """Runs a notebook and puts its executed copy and report beside its result.

    Raises:
        BadParameter: an unknown notebook, profile or parameter, or an impossible value.
        LoadFailed: a cell failed or took too long; the partial notebook is kept and named.
    """
    path = source(name)
    values = checked(path, profile=profile, given=parameters or {})
    expected = estimate(values)
    print(f"{path.stem}, profile {profile}: {expected}", flush=True)
    for warning in check(expected, home()):
        print(f"warning: {warning}", flush=True)
    build = home() / "build" / "notebooks"
    build.mkdir(parents=True, exist_ok=True)
    out = build / f"{path.stem}-{os.getpid()}.ipynb"
    owner = os.environ[OWNER_VARIABLE] = secrets.token_hex(8)
    try:
        with _limited(expected.seconds + ALL_SLACK_S):
            _papermill(path, out, values, cell_s=expected.seconds + CELL_SLACK_S)
    except BaseException as error:
        reason = _reason(error)
        result = adopt(owner, reason=reason)
        kept = _beside(out, path.stem, result)
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            print(f"stopped; the notebook so far: {kept.notebook}", file=sys.stderr)
            raise
        raise LoadFailed(
            f"{path.stem} failed: {reason}\n  the notebook so far: {kept.notebook}",
            remedy="read the failing cell's output there; `eureke doctor` checks the machine",
        ) from error
    return _beside(out, path.stem, adopt(owner))


def _papermill(path: Path, out: Path, values: dict[str, Any], *, cell_s: float) -> None:
    keep_inside()
    os.environ[PAPERMILL_VARIABLE] = "1"
    logging.getLogger("papermill").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        papermill.execute_notebook(
            str(path),
            str(out),
            parameters=values,
            kernel_name="python3",
            progress_bar=sys.stderr.isatty(),
            log_output=False,
            stderr_file=sys.stderr,
            stdout_file=sys.stdout,
            execution_timeout=int(cell_s),
            cwd=str(home()),
        )


@contextlib.contextmanager
def _limited(limit_s: float) -> Iterator[None]:
    """Ends the block with LoadFailed when it takes longer."""

    def late(_number: int, _frame: FrameType | None) -> None:
        raise LoadFailed(
            f"the notebook took longer than {limit_s:.0f} s in all",
            remedy="ask for fewer notifications, or see what it waited for in its log",
        )

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, limit_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _reason(error: BaseException) -> str:
    match error:
        case PapermillExecutionError():
            return f"cell {error.cell_index}: {error.ename}: {error.evalue}"
        case CellTimeoutError():
            return f"a cell took too long: {error}"
        case DeadKernelError():
            return "the kernel died"
        case KeyboardInterrupt():
            return "stopped by hand"
        case LoadFailed():
            return error.what
    return f"{type(error).__name__}: {error}"


def _beside(out: Path, stem: str, result: Result | None) -> Executed:
    """Moves the executed notebook beside its result and writes the report."""
    if not out.exists():
        return Executed(out, out, result)
    notebook = (result.folder if result else out.parent) / f"{stem}.ipynb"
    out.replace(notebook)
    html = notebook.with_suffix(".html")
    write_html(notebook, html)
    return Executed(notebook, html, result)
