"""The one look of all figures: type, colours, and how a figure is written to disk."""

import functools
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import blended_transform_factory

INK: Final = "#1a1f26"
GREY: Final = "#646d78"
RULE: Final = "#e4e7eb"
PAPER: Final = "#ffffff"
GOOD: Final = "#00724d"
BAD: Final = "#b3261e"

# Okabe and Ito's colours: they stay apart for readers who see red and green alike.
BLUE: Final = "#0072b2"
SKY: Final = "#56b4e9"
GREEN: Final = "#009e73"
ORANGE: Final = "#e69f00"
VERMILION: Final = "#d55e00"
PURPLE: Final = "#a3548a"
SLATE: Final = "#7d8793"

LINES: Final = (BLUE, ORANGE, GREEN, VERMILION, SKY, PURPLE, SLATE)
"""For lines that have no colour of their own, in this order."""

SENT, EFFECT, RECEIPT = SLATE, BLUE, VERMILION
SYSTEM, EQUIPMENT = BLUE, SLATE
STAGE_COLOURS: Final = {
    "send_lag": SLATE,
    "kafka": BLUE,
    "dispatch": SKY,
    "queue": ORANGE,
    "provider": GREEN,
    "receipt_topic": VERMILION,
}

WIDTH_IN: Final = 9.6
MARGIN_IN: Final = 0.42
DOTS_PER_INCH: Final = 192
_FONTS: Final = Path(__file__).with_name("fonts")
_LOOK: Final[dict[str, Any]] = {
    "font.family": ["Inter"],
    "font.size": 9.0,
    "text.color": INK,
    "axes.edgecolor": RULE,
    "axes.labelcolor": GREY,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.axisbelow": True,
    "axes.titlelocation": "left",
    "axes.titlesize": 9.5,
    "axes.titleweight": 600,
    "axes.titlepad": 7.0,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "xtick.major.size": 3.0,
    "ytick.major.size": 0.0,
    "xtick.major.width": 0.8,
    "xtick.minor.size": 0.0,
    "grid.color": RULE,
    "grid.linewidth": 0.8,
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
    "svg.fonttype": "path",  # the same letters wherever the figure is looked at
    "svg.hashsalt": "eureke",
}


class Chart(Figure):
    """A figure that knows its name and its sentence, and is written the same each time."""

    name: str
    sentence: str
    head_in: float
    """How much of the top the title and what belongs to it take."""

    @property
    def height_in(self) -> float:
        """The figure's height."""
        return float(self.get_size_inches()[1])

    def svg(self) -> bytes:
        """The figure as SVG, without a date."""
        return self._written("svg", metadata={"Title": self.sentence, "Date": None})

    def png(self) -> bytes:
        """The figure as PNG, fit for a screen with small pixels."""
        return self._written("png", dpi=DOTS_PER_INCH, metadata={"Title": self.sentence})

    def _written(self, form: str, **options: Any) -> bytes:
        out = io.BytesIO()
        with look():
            self.savefig(out, format=form, **options)
        return out.getvalue()

    def _repr_mimebundle_(self, **_options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        about = {"name": self.name, "alt": self.sentence}
        width = {"width": round(WIDTH_IN * 100)}
        data = {
            "image/svg+xml": self.svg().decode(),
            "image/png": self.png(),
            "text/plain": f"figure: {self.sentence}",
        }
        return data, {"eureke": about, "image/png": about | width, "image/svg+xml": about}


@contextmanager
def look() -> Iterator[None]:
    """The figures' look, for as long as the block lasts; nothing global stays changed."""
    _add_fonts()
    with mpl.rc_context(_LOOK):  # type: ignore[arg-type]
        yield


@functools.cache
def _add_fonts() -> None:
    for path in sorted(_FONTS.glob("*.otf")):
        font_manager.fontManager.addfont(path)


def blank(name: str, *, height_in: float) -> Chart:
    """A figure without anything on it."""
    chart = Chart(figsize=(WIDTH_IN, height_in), dpi=100)
    FigureCanvasAgg(chart)
    chart.name, chart.sentence, chart.head_in = name, name, 0.0
    return chart


def width_in(text: Text) -> float:
    """How wide a text is on its figure."""
    chart = text.get_figure(root=True)
    assert chart is not None  # noqa: S101  it was made on one
    return float(text.get_window_extent().width / chart.dpi)


def wrapped(chart: Figure, words: str, *, most_in: float, **type_: Any) -> str:
    """The words in as few lines of at most that width as they need, about equally long."""
    ruler = chart.text(0, 0, "", **type_)
    lines = _lines(ruler, words, most_in)
    narrower_in = most_in
    while len(shorter := _lines(ruler, words, narrower_in)) == len(lines) > 1:
        lines, narrower_in = shorter, narrower_in - 0.2
    ruler.remove()
    return "\n".join(lines)


def _lines(ruler: Text, words: str, most_in: float) -> list[str]:
    lines: list[str] = [""]
    for word in words.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        ruler.set_text(longer)
        if lines[-1] and width_in(ruler) > most_in:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def beside(axes: Axes, x_in: float) -> dict[str, Any]:
    """Arguments for text at that distance from the figure's left edge, at a height of the axes."""
    chart = axes.get_figure(root=True)
    assert chart is not None  # noqa: S101  it was made on one
    return {
        "x": x_in / WIDTH_IN,
        "transform": blended_transform_factory(chart.transFigure, axes.transAxes),
    }


def bare(axes: Axes, *, grid: str = "") -> Axes:
    """Axes without frame or ticks; `grid` names the axis whose rules stay."""
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    if grid:
        axes.grid(axis=grid)  # type: ignore[arg-type]
    return axes
