"""The dashboards of a run: every panel drawn, and one page that needs nothing else."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.text import Text
from tests.browser import NEEDED, opened
from tests.charts.conftest import MakeResult

from eureke.charts.board import figure_board
from eureke.charts.dashboard import dashboard_page
from eureke.dashboards import BOARDS, EVENT_TABLE, TABLE, Board
from eureke.errors import ResultUnreadable
from eureke.measure.results import Result

EACH = pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.id)


def lines() -> Iterator[dict[str, object]]:
    """Two lines for each panel, but for what is rare."""
    for board in BOARDS:
        for panel in board.panels:
            for line, height in (("one", 0.5), ("two", 0.25)) if not panel.rare else ():
                for time_s in range(20):
                    told = {"line": line, "time_s": float(time_s), "value": height * time_s / 20}
                    yield {"board": board.id, "panel": panel.title} | told


@pytest.fixture
def watched(make_result: MakeResult) -> Result:
    """A run that Prometheus watched, with a worker that was away."""
    result = make_result()
    pd.DataFrame(list(lines())).to_parquet(result.folder / f"{TABLE}.parquet")
    events = [(3.0, "sends <flat-out>", False), (7.0, "away worker-bulk-1", True)]
    table = pd.DataFrame(events, columns=["time_s", "title", "bad"])
    table.to_parquet(result.folder / f"{EVENT_TABLE}.parquet")
    return result


@EACH
def test_every_panel_is_drawn_and_named(watched: Result, board: Board) -> None:
    chart = figure_board(watched, board)
    assert [axes.get_title(loc="left") for axes in chart.axes] == [
        panel.title for panel in board.panels
    ]
    for panel, axes in zip(board.panels, chart.axes, strict=True):
        told = [text.get_text() for text in axes.findobj(Text) if isinstance(text, Text)]
        assert ("none happened" in told) == panel.rare
        assert ("one" in told) != panel.rare


@EACH
def test_names_and_titles_do_not_lie_on_each_other(watched: Result, board: Board) -> None:
    chart = figure_board(watched, board)
    chart.draw_without_rendering()
    for axes in chart.axes:
        legend = axes.get_legend()
        if legend is not None:
            title = axes._left_title.get_window_extent()  # type: ignore[attr-defined]
            assert title.y0 >= legend.get_window_extent().y1 - 6


def test_it_is_drawn_the_same_each_time(watched: Result) -> None:
    assert figure_board(watched, BOARDS[0]).svg() == figure_board(watched, BOARDS[0]).svg()


def test_a_run_that_nobody_watched_says_so(make_result: MakeResult) -> None:
    with pytest.raises(ResultUnreadable, match=TABLE):
        dashboard_page(make_result())


@NEEDED
def test_the_page_in_a_browser(watched: Result, tmp_path: Path) -> None:
    """Every dashboard is there, what happened is told, nothing is asked of anybody."""
    page = tmp_path / "dashboard.html"
    page.write_text(dashboard_page(watched))
    with opened(tmp_path / "profile") as browser:
        browser.call("Page.navigate", url=page.as_uri())
        browser.until("document.readyState == 'complete' && !!document.querySelector('svg')")
        count = "document.querySelectorAll('section > svg').length"
        assert browser.evaluate(count) == len(BOARDS)
        told = browser.evaluate("document.body.innerText")
        assert "sends <flat-out>" in told
        assert "away worker-bulk-1" in told
        assert browser.troubles() == []
        assert browser.asked() <= {page.as_uri(), "data:,"}
