"""The live panel: where it draws and when, and that what it draws can be read."""

from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest

from eureke.charts.live import APART_S, Live, picture
from eureke.progress import Look

BEGIN = Look(phase="flat-out", t_s=0.0, sent=0, settled=0, total=1_000_000)
SVG = "{http://www.w3.org/2000/svg}"


class Screen:
    """Places that a panel was drawn in, each with the states that were shown there."""

    def __init__(self) -> None:
        self.places: list[list[tuple[dict[str, Any], dict[str, Any]]]] = []

    def show(self, data: dict[str, Any], metadata: dict[str, Any], new: bool) -> None:
        """What a notebook's kernel does."""
        if new:
            self.places.append([])
        self.places[-1].append((data, metadata))

    def sentences(self) -> list[list[str]]:
        """What each place said, in the order of time."""
        return [[data["text/plain"] for data, _ in place] for place in self.places]


def load(phase: str, *, lasts_s: float, look_s: float = 0.25) -> list[Look]:
    """All looks at one load, the last of which says that it is over."""
    count = round(lasts_s / look_s)
    looks = [
        replace(BEGIN, phase=phase, t_s=n * look_s, sent=1_200 * n, settled=1_000 * n)
        for n in range(1, count + 1)
    ]
    return [*looks[:-1], replace(looks[-1], over=True)]


def texts(svg: str) -> list[str]:
    """What can be read on it; fails where it is not well-formed."""
    return ["".join(each.itertext()) for each in ElementTree.fromstring(svg).iter(f"{SVG}text")]  # noqa: S314


def test_each_load_has_a_place_of_its_own_and_is_drawn_over_in_it() -> None:
    """Also where two of one name come one after the other."""
    screen = Screen()
    live = Live(screen.show)
    for phase in ("warm-up", "flat-out", "flat-out"):
        for look in load(phase, lasts_s=5):
            live(look)
    assert [place[0].partition(":")[0] for place in screen.sentences()] == [
        *("warm-up", "flat-out", "flat-out")
    ]
    assert all(len({each.partition(":")[0] for each in said}) == 1 for said in screen.sentences())


def test_it_is_drawn_once_a_second_at_most_and_at_the_end_always() -> None:
    """It shares the machine with what is measured."""
    screen = Screen()
    live = Live(screen.show)
    looks = load("flat-out", lasts_s=6.5)
    for look in looks:
        live(look)
    (said,) = screen.sentences()
    assert len(said) == 8
    assert "on its way after 6.2 s" in said[-2]
    assert "through after 6.5 s" in said[-1]
    assert f"{looks[-1].sent - looks[-1].settled:,} sent and without an outcome" in said[-1]


def test_the_last_state_is_in_words_and_in_numbers() -> None:
    """The words are the picture's for who cannot see it; both name the load."""
    screen = Screen()
    live = Live(screen.show)
    for look in load("flat-out", lasts_s=3):
        live(look)
    data, about = screen.places[-1][-1]
    assert about["eureke"] == {"name": "live-flat-out", "alt": data["text/plain"]}
    read = texts(data["image/svg+xml"])
    assert "flat-out: 12,000 of 1,000,000" in read
    assert data["text/plain"].partition(": ")[2] in read


@pytest.mark.parametrize(
    "looks",
    [
        pytest.param([BEGIN], id="nothing yet"),
        pytest.param([replace(BEGIN, total=0, over=True)], id="an empty load"),
        pytest.param([BEGIN, replace(BEGIN, t_s=2.0)], id="nothing moves"),
        pytest.param([replace(BEGIN, t_s=1.0, sent=5, settled=9)], id="more than was sent"),
        pytest.param([replace(BEGIN, phase='<a & "b">', t_s=1.0)], id="a name with signs"),
        pytest.param(load("flat-out", lasts_s=3600, look_s=1.0), id="an hour"),
    ],
)
def test_every_state_can_be_drawn(looks: list[Look]) -> None:
    """Well-formed, every point on the paper, however little or much there is."""
    drawn = picture(looks)
    assert texts(drawn)[0].startswith(f"{looks[-1].phase}: ")
    root = ElementTree.fromstring(drawn)  # noqa: S314  our own
    wide, high = float(root.attrib["width"]), float(root.attrib["height"])
    for line in (*root.iter(f"{SVG}polyline"), *root.iter(f"{SVG}polygon")):
        points = [point.split(",") for point in line.attrib["points"].split()]
        assert all(0 <= float(x) <= wide and 0 <= float(y) <= high for x, y in points)
    assert len(drawn) < 40_000, "it is sent to the browser once a second"


def test_a_rate_is_never_that_of_a_moment() -> None:
    """The last state may come at once after another; what came between is no peak."""
    looks = [
        replace(BEGIN, t_s=n * APART_S, sent=50_000, settled=round(1_000 * n)) for n in range(1, 11)
    ]
    last = replace(looks[-1], t_s=looks[-1].t_s + 0.01, settled=12_000, over=True)
    assert "at most 2,970/s" in texts(picture([*looks, last]))


def test_without_a_kernel_nothing_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    """The same run goes on in plain Python, and its output stays its own."""
    live = Live()
    for look in load("flat-out", lasts_s=3):
        live(look)
    assert capsys.readouterr() == ("", "")
