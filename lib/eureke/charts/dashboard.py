"""All dashboards of a run as one HTML page that needs nothing else."""

from html import escape
from typing import TYPE_CHECKING, Final

import pandas as pd

from eureke.charts.board import figure_board
from eureke.charts.page import verdict
from eureke.charts.style import BAD, GREY, INK, PAPER, RULE
from eureke.dashboards import BOARDS, EVENT_TABLE, Board

if TYPE_CHECKING:
    from eureke.measure.results import Result

STYLE: Final = f"""\
body {{ margin: 0 auto; max-width: 960px; padding: 1.5rem 1rem 4rem; background: {PAPER};
  color: {INK}; font: 15px/1.5 system-ui, sans-serif; }}
header p, nav, dd {{ color: {GREY}; }}
nav a {{ margin-right: 1.2em; color: inherit; }}
section {{ border-top: 1px solid {RULE}; margin-top: 1.5rem; padding-top: 0.5rem; }}
svg {{ width: 100%; height: auto; }}
.bad {{ color: {BAD}; }}
dt {{ font-weight: 600; }} dd {{ margin: 0 0 0.4rem; }}
summary {{ cursor: pointer; color: {GREY}; }}
"""


def dashboard_page(result: "Result") -> str:
    """The page.

    Raises:
        ResultUnreadable: nobody watched the run.
    """
    links = "".join(f'<a href="#{each.id}">{escape(each.title)}</a>' for each in BOARDS)
    sections = "\n".join(_section(result, each) for each in BOARDS)
    return f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,">
<title>eureke: run {escape(result.run_id)}</title>
<style>
{STYLE}</style>
</head>
<body>
<header>
<h1>Run {escape(result.run_id)}</h1>
<p>{escape(_about(result))}</p>
<nav>{links}</nav>
</header>
{_events(result.table(EVENT_TABLE))}
{sections}
</body>
</html>
"""


def _about(result: "Result") -> str:
    missing = result.summary.get("monitoring", "whole")
    told = [
        verdict(result.summary),
        str(result.summary.get("backend", "")),
        "" if missing == "whole" else f"not all is here: {missing}",
    ]
    return " · ".join(each for each in told if each)


def _section(result: "Result", board: Board) -> str:
    # What stands before the root would be no HTML.
    drawing = figure_board(result, board).svg().decode()
    drawing = drawing[drawing.index("<svg") :]
    questions = "".join(
        f"<dt>{escape(panel.title)}</dt><dd>{escape(panel.question)}</dd>" for panel in board.panels
    )
    return f"""\
<section id="{board.id}">
{drawing}
<details><summary>What each panel is for</summary><dl>{questions}</dl></details>
</section>"""


def _events(events: pd.DataFrame) -> str:
    if not len(events):
        return ""
    rows = "".join(
        f"<li{' class=bad' if bad else ''}>{time_s:.0f} s: {escape(str(title))}</li>"
        for time_s, title, bad in events.sort_values("time_s").itertuples(index=False)
    )
    return f"<section><h2>What happened</h2><ul>{rows}</ul></section>"
