"""What stands around each figure: its finding, how it was measured, the verdict, the provenance."""

from collections.abc import Mapping
from typing import Any, Final

from eureke.charts.numbers import rate
from eureke.charts.style import (
    BAD,
    GOOD,
    GREY,
    INK,
    MARGIN_IN,
    PAPER,
    WIDTH_IN,
    Chart,
    blank,
    wrapped,
)
from eureke.measure.results import Result, backend_text

FOOT_IN: Final = 0.5
STAMP_IN: Final = 1.7
NOTE: Final = "one broker, replication 1, no fsync: acks=all costs nothing here"


def page(
    result: Result, *, name: str, finding: str, method: str, height_in: float, phase: str
) -> Chart:
    """A figure with its frame of words and no axes yet.

    Args:
        result: what the figure is of.
        name: of the figure, for files.
        finding: the sentence the figure shows; its title.
        method: what was measured and how, n first.
        height_in: of the figure, its words included.
        phase: whose provider settings are told.
    """
    chart = blank(name, height_in=height_in)
    chart.sentence = finding
    down_in = title(chart, finding, most_in=WIDTH_IN - 2 * MARGIN_IN - STAMP_IN)
    _stamp(chart, result.summary)
    down_in = lines(chart, method, down_in, color=GREY)
    down_in = lines(chart, setting(result.run, phase), down_in, color=GREY)
    trouble = _trouble(result.summary)
    if trouble:
        down_in = lines(chart, trouble, down_in, color=BAD)
    chart.head_in = down_in + 0.2
    foot(chart, result, note=NOTE)
    return chart


def place(
    chart: Chart, *, left_in: float, right_in: float, under_in: float, over_in: float = 0.0
) -> dict[str, float]:
    """Where axes may stand between head and foot: arguments for `add_gridspec`."""
    height = chart.height_in
    return {
        "left": left_in / WIDTH_IN,
        "right": 1 - right_in / WIDTH_IN,
        "top": 1 - (chart.head_in + over_in) / height,
        "bottom": (FOOT_IN + under_in) / height,
    }


def nothing(chart: Chart, why: str) -> Chart:
    """The figure of a run that has no data for it: says so in place of empty axes."""
    middle = (FOOT_IN + chart.height_in - chart.head_in) / 2 / chart.height_in
    chart.text(0.5, middle, why, ha="center", va="center", fontsize=12, color=GREY)
    return chart


def setting(run: Mapping[str, Any], phase: str) -> str:
    """Backend, cores and the provider's behaviour in a phase, as one line."""
    scenario, machine = run.get("scenario", {}), run.get("machine", {})
    cores = machine.get("cores_usable") or machine.get("cores")
    opening = "open_loop_" if phase == "open-loop" else ""
    latency_ms = scenario.get(f"{opening}latency_median_ms", 0)
    failures = scenario.get(f"{opening}item_failure_share", 0)
    parts = [
        f"{backend_text(run)} on {cores:g} cores" if cores else "",
        f"provider {latency_ms:g} ms median" if latency_ms else "provider adds no latency",
        f"{100 * failures:g} % of items fail at first" if failures else "no failures",
        f"{scenario.get('provider_items_per_request', '?')} items a request",
        f"seed {scenario.get('seed', '?')}",
    ]
    return " · ".join(part for part in parts if part)


def offered(run: Mapping[str, Any]) -> str:
    """The open loop's offered load in words."""
    scenario = run.get("scenario", {})
    per_s = scenario.get("rate_per_s")
    return f"{scenario.get('arrivals', 'constant')} arrivals at {rate(per_s) if per_s else '?'}"


def verdict(summary: Mapping[str, Any]) -> str:
    """One word for whether the run and its numbers may be believed."""
    if summary.get("aborted"):
        return "ABORTED"
    if not summary.get("accounted"):
        return "NOT ACCOUNTED"
    return "VALID" if summary.get("valid") else "INVALID"


def title(chart: Chart, finding: str, *, most_in: float) -> float:
    """Writes the finding; gives how far down it reaches, in inches."""
    words: dict[str, Any] = {"fontsize": 15, "fontweight": 600}
    told = wrapped(chart, finding, most_in=most_in, **words)
    chart.text(
        MARGIN_IN / WIDTH_IN,
        1 - 0.34 / chart.height_in,
        told,
        va="top",
        linespacing=1.25,
        color=INK,
        **words,
    )
    return 0.34 + 0.27 * (told.count("\n") + 1) + 0.08


def lines(chart: Chart, words: str, down_in: float, *, color: str) -> float:
    """Writes small words from there on; gives how far down they reach, in inches."""
    told = wrapped(chart, words, most_in=WIDTH_IN - 2 * MARGIN_IN, fontsize=8.5)
    chart.text(
        MARGIN_IN / WIDTH_IN,
        1 - down_in / chart.height_in,
        told,
        va="top",
        fontsize=8.5,
        linespacing=1.4,
        fontfamily=["Inter", "DejaVu Sans"],  # a reason may hold letters of any script
        color=color,
    )
    return down_in + 0.175 * (told.count("\n") + 1)


def _stamp(chart: Chart, summary: Mapping[str, Any]) -> None:
    said = verdict(summary)
    good = said == "VALID"
    chart.text(
        1 - (MARGIN_IN + 0.07) / WIDTH_IN,
        1 - 0.45 / chart.height_in,
        said,
        ha="right",
        va="center",
        fontsize=8.5,
        fontweight=600,
        color=GOOD if good else PAPER,
        bbox={
            "boxstyle": "round,pad=0.5,rounding_size=0.3",
            "facecolor": "#e8f5ef" if good else BAD,
            "edgecolor": "none",
        },
    )


def _trouble(summary: Mapping[str, Any]) -> str:
    said = verdict(summary)
    if said == "ABORTED":
        return f"Aborted: {str(summary.get('abort_reason') or 'no reason given').splitlines()[0]}"
    if said == "NOT ACCOUNTED":
        return "The account does not close: account.json names the notifications"
    reasons = summary.get("invalid_reasons") or ["no reason given"]
    return "" if said == "VALID" else f"Not to be believed: {'; '.join(reasons)}"


def foot(chart: Chart, result: Result, *, note: str) -> None:
    """Writes what has to be known, and where the figure comes from."""
    machine = result.run.get("machine", {})
    commit = str(machine.get("commit") or "")[:7]
    changed = " with changes" if machine.get("dirty") else ""
    parts = [
        f"run {result.run_id}",
        f"commit {commit}{changed}" if commit else "",
        str(machine.get("processor") or ""),
    ]
    y = 0.2 / chart.height_in
    small: dict[str, Any] = {"fontsize": 7.5, "color": GREY, "va": "center"}
    chart.text(MARGIN_IN / WIDTH_IN, y, note, **small)
    told = " · ".join(part for part in parts if part)
    chart.text(1 - MARGIN_IN / WIDTH_IN, y, told, ha="right", **small)
