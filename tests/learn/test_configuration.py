"""The table of configurations: what is explained and what shows it is there; values are read."""

import ast
import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from eureke import learn
from eureke.errors import EurekeError
from eureke.learn.configuration import Explained, explained
from eureke.learn.configured import HIDDEN, configured
from eureke.programs.program import cache
from eureke.scenario import Scenario
from eureke.settings import IMAGES, Settings
from eureke.stack.choice import Backend, Choice
from eureke.stack.composition import new_state, services
from eureke.stack.containers import render_container
from eureke.stack.folder import new_folder, open_to_containers
from eureke.stack.processes import render
from eureke.stack.service import OURS
from eureke.stack.services import Services
from eureke.stack.settings import settings, write_settings

ROOT = Path(__file__).parents[2]
EVERYTHING = Scenario(apis=2, monitoring=True, worker_threads=5)
# What is read where servers run, and not where our own processes do.
ONLY = {"processes": {"sqlite"}, "containers": {"postgres"}}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run folders of the test's own; programs come from the checkout's cache."""
    monkeypatch.setenv("EUREKE_CACHE", str(cache()))
    monkeypatch.setenv("EUREKE_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture(params=["processes", "containers"])
def rendered(request: pytest.FixtureRequest, home: Path) -> Iterator[Services]:
    """The run folder of a stack with everything, as it is when all is about to start."""
    with _rendered(EVERYTHING, backend=request.param) as stack:
        yield stack


@contextlib.contextmanager
def _rendered(scenario: Scenario, *, backend: Backend) -> Iterator[Services]:
    choice = Choice(backend=backend, reason="", monitoring=True, images=IMAGES | {OURS: "eureke"})
    state = new_state(scenario, ports={}, application=True, choice=choice)
    folder, lock = new_folder()
    with lock:
        state.write(folder)
        open_to_containers(folder)
        write_settings(settings(scenario, state, folder), state, folder)
        for each in services(state):
            if backend == "containers" and each.container:
                render_container(each, run=folder, state=state)
            else:
                render(each, run=folder, state=state)
        yield Services(folder, say=lambda _line: None)


def test_every_explained_setting_is_really_set(rendered: Services) -> None:
    """One that is renamed must be renamed in its explanation too."""
    table = learn.configuration(rendered)
    others = set().union(*(ONLY[each] for each in ONLY if each != rendered.backend))
    expected = [(each.server, each.setting) for each in explained() if each.server not in others]
    assert list(zip(table["server"], table["setting"], strict=True)) == expected
    assert table["value"].str.len().gt(0).all()
    values = table.set_index(["server", "setting"])["value"]
    assert values["redis-queue", "maxmemory-policy"] != values["redis-cache", "maxmemory-policy"]
    assert values["nginx", "least_conn"] == "on"
    assert "non_idempotent" in values["nginx", "proxy_next_upstream"]


def test_values_are_read(rendered: Services) -> None:
    """From the files and settings of this very stack: another value there is another one here."""
    assert _value(rendered, "worker", "worker_threads") == "5"
    path = rendered.folder / "settings.json"
    replace(Settings.read(path), deadline_s=7.5).write(path)
    assert _value(rendered, "worker", "deadline_s") == "7.5"
    file = rendered.folder / "data" / "redis-cache" / "redis.conf"
    file.write_text(file.read_text().replace("allkeys-lfu", "allkeys-random"))
    assert _value(rendered, "redis-cache", "maxmemory-policy") == "allkeys-random"


@pytest.mark.parametrize("backend", ["processes", "containers"])
@pytest.mark.parametrize(("open_loop_s", "level"), [(120.0, "1"), (3600.0, "4")])
@pytest.mark.usefixtures("home")
def test_both_compilers_under_a_load_that_lasts(
    backend: Backend, open_loop_s: float, level: str
) -> None:
    """What the second one costs comes back within an hour, and not within two minutes."""
    scenario = replace(EVERYTHING, open_loop_s=open_loop_s)
    with _rendered(scenario, backend=backend) as stack:
        assert _value(stack, "kafka", "-XX:TieredStopAtLevel") == level
        assert _value(stack, "kafka", "-XX:+UseSerialGC") == "on"


def test_a_setting_that_is_gone_is_said(rendered: Services) -> None:
    """With the file that explains it still."""
    file = rendered.folder / "data" / "redis-queue" / "redis.conf"
    file.write_text(file.read_text().replace("maxmemory-policy", "maxmemory-politics"))
    with pytest.raises(EurekeError, match="redis-queue has no setting 'maxmemory-policy'") as told:
        learn.configuration(rendered)
    assert "configuration.toml" in told.value.remedy


def test_no_secret_is_shown(rendered: Services) -> None:
    """Neither in the table nor among the settings that are not explained."""
    state = json.loads((rendered.folder / "stack.json").read_bytes())
    secrets = [*state["passwords"].values(), state["token"]]
    assert _value(rendered, "redis-queue", "requirepass") == HIDDEN
    shown = str(configured(rendered))
    assert [each for each in secrets if each in shown] == []


@pytest.mark.parametrize("each", explained(), ids=lambda each: f"{each.server}-{each.setting}")
def test_what_shows_a_setting_is_there(each: Explained) -> None:
    """A test by its name, or a cell by its id."""
    path, name = re.split("::|#", each.shown)
    assert (ROOT / path).exists()
    if path.endswith(".ipynb"):
        notebook = nbformat.read(ROOT / path, as_version=4)  # type: ignore[no-untyped-call]
        assert name in {cell.id for cell in notebook.cells if cell.cell_type == "code"}
    else:
        tree = ast.parse((ROOT / path).read_text())
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert each.why.endswith((".", ")"))
    assert each.without.endswith((".", ")"))


def _value(stack: Services, server: str, setting: str) -> str:
    table = learn.configuration(stack).set_index(["server", "setting"])
    return str(table["value"][server, setting])
