"""What stands around a chapter's figure: its finding, its method, where it comes from."""

from eureke.charts.page import foot, lines, title
from eureke.charts.style import GREY, WIDTH_IN, Chart, blank
from eureke.measure.results import Result, backend_text


def lesson(result: Result, *, name: str, finding: str, method: str, height_in: float) -> Chart:
    """A figure with its frame of words and no axes yet.

    Args:
        result: what the figure is of.
        name: of the figure, for files.
        finding: the sentence the figure shows; its title.
        method: what was seen and how, n first.
        height_in: of the figure, its words included.
    """
    chart = blank(name, height_in=height_in)
    chart.sentence = finding
    down_in = title(chart, finding, most_in=WIDTH_IN - 1.0)
    cores = result.run["machine"]["cores_usable"]
    place = f"{backend_text(result.run)} on {cores:g} cores"
    down_in = lines(chart, f"{method} · {place}", down_in, color=GREY)
    chart.head_in = down_in + 0.2
    foot(chart, result, note="client and servers on one machine, over the loopback interface")
    return chart
