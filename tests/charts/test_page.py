"""Each figure says what its result holds, fits its frame, and owns up to what is missing."""

from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib.image
import pytest
from matplotlib.text import Text

from eureke.charts import FIGURES, Chart, save_all
from eureke.measure.results import Result

MakeResult = Callable[..., Result]
EVERY_FIGURE = pytest.mark.parametrize("name", FIGURES)


def texts(chart: Chart) -> list[Text]:
    """Everything that can be read on a figure."""
    return [each for each in chart.findobj(Text) if each.get_text() and each.get_visible()]


def words(chart: Chart) -> str:
    return " ".join(" ".join(each.get_text() for each in texts(chart)).split())


@EVERY_FIGURE
@pytest.mark.parametrize("count", [20_000, 1_000_000])
def test_no_words_leave_the_figure_or_cover_each_other(
    make_result: MakeResult, name: str, count: int
) -> None:
    """Looked at for every pair of texts, as they are drawn."""
    fit(FIGURES[name](make_result(count, open_loop=count // 30)))


def fit(chart: Chart) -> None:
    """Fails where a text leaves the figure or covers another one."""
    chart.canvas.draw()
    boxes = [(each.get_text(), each.get_window_extent().padded(-2)) for each in texts(chart)]
    for said, box in boxes:
        inside = box.x0 >= 0 and box.y0 >= 0 and box.x1 <= chart.bbox.x1 and box.y1 <= chart.bbox.y1
        assert inside, f"{said!r} leaves the figure"
    for (one, box), (other, beside) in combinations(boxes, 2):
        assert not box.overlaps(beside), f"{one!r} and {other!r} cover each other"


@EVERY_FIGURE
def test_the_same_result_gives_the_same_picture(make_result: MakeResult, name: str) -> None:
    """Byte for byte, or every run of the notebook would change the repository."""
    result = make_result(20_000)
    assert FIGURES[name](result).svg() == FIGURES[name](Result(result.folder)).svg()


@EVERY_FIGURE
def test_another_result_gives_another_finding_or_other_marks(
    make_result: MakeResult, name: str
) -> None:
    """Nothing on a figure is typed by hand."""
    one = make_result(20_000, open_loop=2000)
    other = make_result(40_000, open_loop=4000)
    assert FIGURES[name](one).svg() != FIGURES[name](other).svg()


@EVERY_FIGURE
def test_an_aborted_run_is_drawn_as_one(aborted: Result, name: str) -> None:
    """With the reason, and without axes that look like an answer."""
    said = words(FIGURES[name](aborted))
    assert "ABORTED" in said
    assert "stopped by hand" in said


@EVERY_FIGURE
def test_numbers_not_to_be_believed_are_marked(make_result: MakeResult, name: str) -> None:
    """On the figure itself, since figures travel alone."""
    reason = "the sender was late: send lag p99 31.0 ms"
    result = make_result(20_000, valid=False, invalid_reasons=[reason])
    said = words(FIGURES[name](result))
    assert "INVALID" in said
    assert reason in said


def test_an_account_that_does_not_close_is_the_headline(make_result: MakeResult) -> None:
    """Three lost ones are told before anything else."""
    result = make_result(20_000, accounted=False, lost=3)
    chart = FIGURES["outcomes"](result)
    assert "3 of 20,000 records went wrong" in chart.sentence
    assert "NOT ACCOUNTED" in words(chart)


@pytest.mark.parametrize("name", ["latency", "stages"])
def test_without_an_open_loop_there_is_no_latency_to_draw(
    make_result: MakeResult, name: str
) -> None:
    """Time in system under full load is no latency."""
    said = words(FIGURES[name](make_result(20_000, open_loop=0)))
    assert "no open loop" in said


def test_a_percentile_with_too_few_samples_beyond_it_is_left_out(make_result: MakeResult) -> None:
    """Five hundred samples know no p99, and the figure says so."""
    said = words(FIGURES["latency"](make_result(20_000, open_loop=500)))
    assert "too few beyond it to be told" in said
    assert "nine of ten" in said


def test_every_figure_is_written_as_svg_and_png(make_result: MakeResult, tmp_path: Path) -> None:
    """Well-formed, and not blank."""
    paths = save_all(make_result(20_000), tmp_path / "figures")
    assert len(paths) == 2 * len(FIGURES)
    for path in paths:
        if path.suffix == ".svg":
            tree = ElementTree.parse(path)  # noqa: S314  our own file
            assert tree.getroot().tag.endswith("svg")
        else:
            pixels: Any = matplotlib.image.imread(path)
            assert pixels.std() > 0.01, f"{path.name} is blank"
