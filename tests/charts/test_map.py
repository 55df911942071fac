"""The map: a place for everything that the catalogue has, and no word over another."""

from itertools import combinations
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.text import Text
from tests.charts.test_lesson import RUN

from eureke.charts import Chart, figure_map
from eureke.charts.map import NO_PROCESS, PLACES
from eureke.errors import EurekeError
from eureke.experiments.parts import ABOUT, described, hops
from eureke.measure.results import Result, ResultWriter
from eureke.scenario import Scenario
from eureke.settings import Settings
from eureke.stack import catalogue
from eureke.stack.choice import Choice
from eureke.stack.composition import new_state, services

SETTINGS = Settings(
    kafka="127.0.0.1:1", redis_queue="", redis_cache="", provider_url="", users_url="sqlite:///u.db"
)


def everything(members: int = 1) -> pd.DataFrame:
    """All that a stack may consist of, with so many dispatchers and workers."""
    scenario = Scenario(apis=2, monitoring=True, dispatchers=members, workers=members)
    choice = Choice(backend="containers", reason="", monitoring=True, grafana=True)
    state = new_state(scenario, ports={}, application=True, choice=choice)
    sides = {each.name: str(each.side) for each in services(state)}
    where = dict.fromkeys(sides, "127.0.0.1:65535")
    return described(SETTINGS, sides, where)


def drawn(parts: pd.DataFrame, folder: Path) -> Chart:
    writer = ResultWriter(folder)
    writer.write_json("run.json", RUN)
    parts.to_parquet(writer.folder / "parts.parquet")
    hops(SETTINGS).to_parquet(writer.folder / "hops.parquet")
    return figure_map(Result(writer.folder))


def test_everything_in_the_catalogue_has_a_place(tmp_path: Path) -> None:
    """A new server needs one too: the map is what a reader sees first."""
    parts = everything()
    modules = {path.stem for path in Path(catalogue.__file__).parent.glob("*.py")} - {"__init__"}
    kinds = set(parts["kind"])
    assert {each for each in modules if not any(k.startswith(each) for k in kinds)} == set()
    assert kinds <= PLACES.keys()
    assert kinds | {"users"} == PLACES.keys(), "a place for what is no longer there"
    assert set(ABOUT) - kinds == set()
    chart = drawn(parts, tmp_path)
    said = {each.get_text() for each in chart.findobj(Text)}
    assert {"kafka", "redis-queue", "nginx", "postgres", "grafana"} <= said
    assert f"{len(parts) - 2} processes" in chart.sentence
    assert any(SETTINGS.lane("bulk").topic in each for each in said)


def test_what_has_no_place_is_said(tmp_path: Path) -> None:
    """It is never left out in silence."""
    stranger = {"name": "mail", "kind": "mail", "member": "mail", "side": "system", "about": ""}
    with pytest.raises(EurekeError, match="mail") as caught:
        drawn(pd.concat([everything(), pd.DataFrame([stranger])]), tmp_path)
    assert "charts/map.py" in caught.value.remedy


@pytest.mark.parametrize("members", [1, 4])
def test_no_word_lies_over_another(members: int, tmp_path: Path) -> None:
    """Nor beyond the edge, however many members there are."""
    chart = drawn(everything(members), tmp_path)
    chart.canvas.draw()
    words = [each for each in chart.findobj(Text) if each.get_text() and each.get_visible()]
    boxes = [(each.get_text(), each.get_window_extent()) for each in words]
    for (first, one), (second, other) in combinations(boxes, 2):
        assert not one.overlaps(other), (first, second)
    width, height = chart.get_size_inches() * chart.dpi
    beyond = [
        text for text, box in boxes if min(box.x0, box.y0) < 0 or box.x1 > width or box.y1 > height
    ]
    assert beyond == []


def test_boxes_stand_apart() -> None:
    """But the database, which is one or the other."""
    for (first, one), (second, other) in combinations(PLACES.items(), 2):
        apart = one.right < other.x or other.right < one.x or one.top < other.y or other.top < one.y
        assert apart or {first, second} == {"users", "postgres"}, (first, second)
    assert PLACES.keys() >= NO_PROCESS
