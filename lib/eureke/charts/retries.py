"""Clients that come back: requests over time, under each policy."""

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from eureke.charts.lesson import lesson
from eureke.charts.page import place
from eureke.charts.style import BLUE, GREY, INK, RULE, VERMILION, Chart, bare, look

if TYPE_CHECKING:
    from eureke.measure.results import Result

BIN_S: Final = 0.05


def figure_retries(result: "Result") -> Chart:
    """Requests in each twentieth of a second, taken and refused, for each policy."""
    with look():
        return _drawn(result)


def _drawn(result: "Result") -> Chart:
    table = result.table("retries")
    policies = list(dict.fromkeys(table["policy"]))
    clients, away_s = int(table["clients"].iloc[0]), float(table["away_s"].iloc[0])
    per_s = float(table["per_s"].iloc[0])
    chart = lesson(
        result,
        name="retries",
        finding=_finding(table),
        method=f"n = {clients} clients that come at once, one run for each policy; the server is "
        f"away for {away_s:g} s, then takes {per_s:g} requests a second",
        height_in=1.9 + 1.15 * len(policies),
    )
    grid = chart.add_gridspec(
        len(policies), 1, hspace=0.5, **place(chart, left_in=2.3, right_in=0.42, under_in=0.42)
    )
    end_s = float(table["t_s"].max()) + BIN_S
    highest = _counts(table, end_s).max()
    for number, policy in enumerate(policies):
        axes = chart.add_subplot(grid[number, 0])
        _row(axes, table[table["policy"] == policy], end_s, away_s, highest)
        _label(axes, policy, int((table["policy"] == policy).sum()), clients)
        axes.tick_params(labelbottom=number == len(policies) - 1)
    axes.set_xlabel("seconds since the first request", labelpad=6)
    return chart


def _finding(table: pd.DataFrame) -> str:
    back = table[table["t_s"] >= table["away_s"]]
    together = {
        str(policy): int((rows["t_s"] // BIN_S).value_counts().max())
        for policy, rows in back.groupby("policy")
    }
    if not together:
        return "Nobody came back"
    calm = min(together, key=together.__getitem__)
    return (
        f"Once the server is back, up to {max(together.values())} clients come in the same "
        f"moment; with “{calm}” {together[calm]}"
    )


def _counts(table: pd.DataFrame, end_s: float) -> "np.ndarray[tuple[int, ...], np.dtype[np.int64]]":
    edges = np.arange(0, end_s + BIN_S, BIN_S)
    each = [np.histogram(rows["t_s"], edges)[0] for _, rows in table.groupby("policy")]
    return np.asarray(each)


def _row(axes: Axes, rows: pd.DataFrame, end_s: float, away_s: float, highest: int) -> None:
    bare(axes, grid="y")
    edges = np.arange(0, end_s + BIN_S, BIN_S)
    taken = np.histogram(rows.loc[rows["taken"], "t_s"], edges)[0]
    refused = np.histogram(rows.loc[~rows["taken"], "t_s"], edges)[0]
    axes.axvspan(0, away_s, color=RULE, alpha=0.6, linewidth=0)
    wide = {"width": BIN_S * 0.82, "align": "edge"}
    axes.bar(edges[:-1], taken, color=BLUE, **wide)  # type: ignore[arg-type]
    axes.bar(edges[:-1], refused, bottom=taken, color=VERMILION, **wide)  # type: ignore[arg-type]
    axes.set_xlim(0, end_s)
    axes.set_ylim(0, highest * 1.05)
    axes.set_yticks([0, int(highest)])
    axes.spines["bottom"].set_color(GREY)


def _label(axes: Axes, policy: str, requests: int, clients: int) -> None:
    at = {"transform": axes.transAxes, "ha": "right"}
    axes.text(-0.08, 0.62, policy, fontsize=9.5, fontweight=600, color=INK, **at)  # type: ignore[arg-type]
    words = f"{requests / clients:.1f} requests a client"
    axes.text(-0.08, 0.32, words, fontsize=8, color=GREY, **at)  # type: ignore[arg-type]
    axes.annotate(
        "taken", (1, 1), (-52, -4), textcoords="offset points", xycoords="axes fraction",
        fontsize=8, color=BLUE, ha="right", va="top",
    )  # fmt: skip
    axes.annotate(
        "refused", (1, 1), (0, -4), textcoords="offset points", xycoords="axes fraction",
        fontsize=8, color=VERMILION, ha="right", va="top",
    )  # fmt: skip
