"""Two sets of runs beside each other: what is more, what is less, and how sure that is."""

import statistics
from collections.abc import Sequence

from eureke.errors import BadParameter
from eureke.measure.ratios import LEAST, ratio
from eureke.measure.reference import check_alike, told
from eureke.measure.results import Result
from eureke.measure.spread import ROWS, at, believed, number


def compare_table(first: Sequence[Result], second: Sequence[Result]) -> str:
    """A table in Markdown: each figure's median on either side, and the second by the first.

    The scenarios may differ, which is what one compares; machines and backends may not.

    Raises:
        BadParameter: they do, the runs of one side are not of one scenario, or one was aborted.
    """
    for side in (first, second):
        check_alike(side)
    before, after = told(first[0]), told(second[0])
    for what in ("machine", "backend"):
        if before[what] != after[what]:
            raise BadParameter(
                f"{first[0].run_id} and {second[0].run_id} are of different {what}s: "
                f"{before[what]} and {after[what]}",
                remedy="compare runs of one machine and backend, or each with its reference: "
                "`eureke verify`",
            )
    lines = [_changes(before["scenario"], after["scenario"]), ""]
    lines += ["| | A | B | B by A (95 %) |", "|---|---|---|---|"]
    for label, path in ROWS:
        sides = [[v for v in (at(r.summary, path) for r in side) if v] for side in (first, second)]
        if all(sides):
            medians = [number(statistics.median(values)) for values in sides]
            found = ratio(sides[1], sides[0])
            sure = str(found) if min(map(len, sides)) >= LEAST else f"{found.middle:.2f}"
            lines.append(f"| {label} | {medians[0]} | {medians[1]} | {sure} |")
    lines.append(f"\n{len(first)} runs against {len(second)}. {believed([*first, *second])}")
    if min(len(first), len(second)) < LEAST:
        lines.append(
            f"With fewer than {LEAST} runs of either side nobody can say how sure that is."
        )
    return "\n".join(lines)


def _changes(before: dict[str, object], after: dict[str, object]) -> str:
    told_apart = [
        f"{name}: {value} and {after.get(name)}"
        for name, value in before.items()
        if after.get(name) != value
    ]
    return f"Different: {'; '.join(told_apart)}." if told_apart else "The same scenario."
