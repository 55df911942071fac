"""Running notebooks: strict names, partial copies, and the main one small."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from tests.notebooks.conftest import MakeNotebook

from eureke.charts import FIGURES
from eureke.errors import BadParameter, LoadFailed, ServiceFailed
from eureke.measure.results import Result
from eureke.notebooks import execute
from eureke.stack.engine import Engine

PARAMETERS = "count: int = 3  # how many"
MAIN = "07-hourly-million"
SMALL = {"count": 5000, "warm_up": 500, "open_loop_s": 4}


def test_a_mistyped_parameter_is_an_error_that_offers_the_nearest(
    make_notebook: MakeNotebook,
) -> None:
    """Before anything starts."""
    make_notebook("small", PARAMETERS, "print(count)")
    with pytest.raises(BadParameter, match="cuont") as caught:
        execute("small", parameters={"cuont": "4"})
    assert "count" in caught.value.remedy
    with pytest.raises(BadParameter, match="many"):
        execute("small", parameters={"count": "many"})
    with pytest.raises(BadParameter, match="smlal"):
        execute("smlal")
    with pytest.raises(BadParameter, match="tiny"):
        execute("small", profile="tiny")


@pytest.mark.parametrize("value", ["0", "-3"])
def test_none_of_what_a_notebook_has_some_of_is_refused(
    make_notebook: MakeNotebook, value: str
) -> None:
    """Before it runs; a notebook whose own value is 0 can do without."""
    parameters = "loads: int = 2\npairs: int = 0\nloud: bool = True"
    make_notebook("some", parameters, "print(1 / loads, pairs, loud)")
    with pytest.raises(BadParameter, match=f"loads is {value}") as caught:
        execute("some", parameters={"loads": value})
    assert "more than 0, such as 2" in caught.value.remedy
    execute("some", parameters={"pairs": value, "loud": "false"})


def test_a_failing_cell_leaves_a_readable_partial_notebook(
    make_notebook: MakeNotebook, tmp_path: Path
) -> None:
    """What ran before it is there, and the error names the cell and the file."""
    make_notebook("failing", PARAMETERS, "print('before')", "1 / 0", "print('after')")
    with pytest.raises(LoadFailed, match="ZeroDivisionError"):
        execute("failing", parameters={"count": "5"})
    partial = tmp_path / "build" / "notebooks" / "failing.ipynb"
    text = partial.read_text()
    assert "before\\n" in text
    assert "count = 5" in text
    assert partial.with_suffix(".html").exists()


def test_a_kernel_that_dies_is_said_to_have_died(make_notebook: MakeNotebook) -> None:
    """Killed by the system for its memory, for one."""
    make_notebook("dying", PARAMETERS, "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(LoadFailed, match="kernel died"):
        execute("dying")


def test_a_run_that_is_cut_off_leaves_a_summary_that_says_so(
    make_notebook: MakeNotebook, tmp_path: Path
) -> None:
    """The result's folder gets its name, and the reason."""
    begin = "from eureke.measure.results import ResultWriter\nwriter = ResultWriter()"
    make_notebook("cut-off", PARAMETERS, begin, "raise SystemError('the power went')")
    with pytest.raises(LoadFailed):
        execute("cut-off")
    (folder,) = (tmp_path / "results").iterdir()
    summary = Result(folder).summary
    assert summary["aborted"] is True
    assert "the power went" in summary["abort_reason"]
    assert (folder / "cut-off.ipynb").exists()


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with the real notebooks and downloads, and nothing else."""
    folder = _checkout(tmp_path)
    monkeypatch.setenv("EUREKE_HOME", str(folder))
    return folder


def _checkout(parent: Path) -> Path:
    folder = parent / "checkout"
    folder.mkdir()
    root = Path(__file__).parents[2]
    for name in ("notebooks", ".cache"):
        (folder / name).symlink_to(root / name)
    return folder


@pytest.fixture(scope="module")
def small_runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    """Of the hourly million in one checkout, at the same time, by backend: all there are here."""
    checkout = _checkout(tmp_path_factory.mktemp("small"))
    chosen = [("--backend", "processes")]
    with contextlib.suppress(ServiceFailed):
        Engine.connect().close()
        chosen.append(("-p", "backend=containers"))
    command = [str(Path(sys.executable).with_name("eureke")), "run", MAIN]
    command += [word for name, value in SMALL.items() for word in ("-p", f"{name}={value}")]
    running = [
        subprocess.Popen(
            [*command, *backend],
            env=os.environ | {"EUREKE_HOME": str(checkout)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for backend in chosen
    ]
    said = [each.communicate()[0] for each in running]
    assert [each.returncode for each in running] == [0] * len(running), "\n".join(said)
    assert not list((checkout / "run").glob("*/supervisor.sock")), "a stack was left running"
    results = [Result(folder) for folder in (checkout / "results").iterdir()]
    assert len(results) == len(chosen)
    return {str(each.run["backend"]): each for each in results}


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("engine")
def test_two_at_once_in_one_checkout_do_not_meet(small_runs: dict[str, Result]) -> None:
    """Ports, folders, results and partial notebooks are each run's own, on either backend."""
    assert small_runs.keys() == {"processes", "containers"}
    assert all(each.summary["accounted"] for each in small_runs.values())
    assert all((each.folder / f"{MAIN}.html").exists() for each in small_runs.values())


@pytest.mark.timeout(300)
def test_the_hourly_million_runs_small_from_end_to_end(small_runs: dict[str, Result]) -> None:
    """The very file that people read: accounted for, with every figure, report and table."""
    result = small_runs["processes"]
    assert result.summary["accounted"] is True
    sent = {name: phase["sent"] for name, phase in result.summary["phases"].items()}
    assert sent == {"flat-out": 5000, "one-lane": 5000, "open-loop": 1111}
    assert {each.name for each in result.folder.iterdir()} >= {
        "run.json",
        "summary.json",
        "account.json",
        "timeline.parquet",
        "samples.parquet",
        "latency.hdr",
        f"{MAIN}.ipynb",
        f"{MAIN}.html",
    }
    text = (result.folder / f"{MAIN}.ipynb").read_text()
    notebook = nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
    drawn = [
        output.metadata["eureke"]["name"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "image/svg+xml" in output.get("data", {})
    ]
    loads = [f"live-{name}" for name in ("warm-up", "flat-out", "one-lane", "open-loop")]
    # All but the one of outages, which it does not try; each live panel once, in its last state.
    watched = ["board-overview"] if result.summary["monitoring"] == "whole" else []
    assert sorted(drawn) == sorted([*FIGURES.keys() - {"outages"}, *watched, *loads])
    assert "https://" not in _loaded((result.folder / f"{MAIN}.html").read_text())


@pytest.mark.timeout(420)
@pytest.mark.parametrize(
    "name",
    [
        *("00-start-here", "01-rest", "02-graphql", "03-which-protocol"),
        *("08-latency", "09-scaling", "10-monitoring"),
    ],
)
def test_a_chapter_runs_from_end_to_end(checkout: Path, name: str) -> None:
    """The very file that people read: its check cell passes, with every figure."""
    done = execute(name)
    assert done.result is not None
    assert done.result.summary["chapter"] == name
    notebook = nbformat.read(done.notebook, as_version=4)  # type: ignore[no-untyped-call]
    drawn = [
        line
        for cell in notebook.cells
        if cell.cell_type == "code"
        for line in cell.source.splitlines()
        if line.startswith("charts.figure_")
    ]
    figures = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "image/svg+xml" in output.get("data", {})
    ]
    assert len(figures) == len(drawn) > 0
    assert "https://" not in _loaded(done.html.read_text())
    assert not list((checkout / "run").glob("*/supervisor.sock")), "the stack was left running"


def _loaded(html: str) -> str:
    """The places an HTML page would load something from."""
    return "\n".join(line for line in html.splitlines() if "src=" in line or "<link" in line)
