"""A run's summary in numbers, and as a table for people."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import pandas as pd

from eureke.errors import ResultUnreadable
from eureke.measure.results import Result

LINES: Final = (
    ("servers ran as", "backend", "{}"),
    ("up after", "stack_up_s", "{:.1f} s"),
    ("notifications, all loads", "records", "{:,}"),
    ("  delivered", "delivered", "{:,}"),
    ("  suppressed", "suppressed", "{:,}"),
    ("  expired", "expired", "{:,}"),
    ("  duplicates", "duplicates", "{:,}"),
    ("  malformed", "malformed", "{:,}"),
    ("  dead letters", "dead_lettered", "{:,}"),
    ("  lost, doubled, stuck, phantom, misjudged", "_faults", "{}"),
    ("first send to last receipt", "wall_s", "{:.1f} s"),
    ("throughput", "throughput_per_s", "{:,.0f} notifications/s"),
    ("times faster than an hour", "times_faster_than_hour", "{:,.0f}"),
    ("Kafka's floor, same run", "kafka_floor_s", "{:.1f} s"),
    ("ratio to the floor", "_ratio", "{}"),
    ("limiter", "limiter", "{}"),
    ("CPU of the system under test", "system_cpu_s", "{:.1f} s"),
    ("CPU of the test equipment", "equipment_cpu_s", "{:.1f} s"),
    ("memory, all processes", "peak_rss_mib", "{:,.0f} MiB"),
)
LATENCIES: Final = (
    ("effect_ms", "open loop, to the effect"),
    ("receipt_ms", "open loop, to the receipt"),
    ("urgent_ms", "urgent beside the load, to the receipt"),
)
PERCENTILES: Final = ("p50", "p90", "p99", "p99_9", "max")


def summary_table(summary: Mapping[str, Any]) -> str:
    """The summary as aligned lines, the verdicts last."""
    if "chapter" in summary:
        found = summary["found"].items()
        return "\n".join([f"  chapter {summary['chapter']}", *(f"  {n}: {v}" for n, v in found)])
    values = dict(summary) | {"_faults": _faults(summary), "_ratio": _ratio(summary)}
    rows = [(label, _told(form, values.get(key))) for label, key, form in LINES]
    for name, label in LATENCIES:
        told = summary.get(name)
        rows.append((label, _latency(told) if told else "not measured"))
    rows += [_peer(each) for each in summary.get("peers", ())]
    rows += [_outage(phase) for phase in summary.get("phases", {}).values() if phase.get("toll")]
    rows += _verdicts(summary)
    width = max(len(label) for label, _ in rows)
    return "\n".join(f"  {label:{width}}  {value}" for label, value in rows)


def result_line(result: Result) -> str:
    """A result in one line: when, what, how fast, and the verdicts."""
    try:
        summary = result.summary
    except ResultUnreadable as error:
        return f"{result.run_id}  unreadable: {error.what}"
    if summary.get("aborted"):
        return f"{result.run_id}  aborted: {summary.get('abort_reason')}"
    if "chapter" in summary:
        return f"{result.run_id}  chapter {summary['chapter']}"
    verdict = "accounted" if summary["accounted"] else "NOT ACCOUNTED"
    valid = "valid" if summary["valid"] else "INVALID"
    return (
        f"{result.run_id}  {summary['records']:>9,} notifications  "
        f"{summary['throughput_per_s']:>8,.0f}/s  {verdict}, {valid}"
    )


def summaries(results: Iterable[Result]) -> pd.DataFrame:
    """A row for each result that can be read: its run, commit, scenario and all its numbers.

    What lies deeper has its path as the column's name, such as `receipt_ms.p99`.
    """
    rows = []
    for result in results:
        try:
            summary, run = result.summary, result.run
        except ResultUnreadable:
            continue
        apart = {name: value for name, value in summary.items() if name not in ("phases", "peers")}
        apart["commit"] = run.get("machine", {}).get("commit")
        apart |= {f"scenario.{name}": value for name, value in run.get("scenario", {}).items()}
        rows.append(apart)
    return pd.json_normalize(rows)


def _told(form: str, value: Any) -> str:
    return "not measured" if value is None else form.format(value)


def _faults(summary: Mapping[str, Any]) -> str:
    names = ("lost", "delivered_twice", "stuck", "phantom", "misjudged")
    return " ".join(str(summary.get(name, "?")) for name in names)


def _ratio(summary: Mapping[str, Any]) -> str | None:
    ratio = summary.get("floor_ratio")
    if ratio is None:
        return None
    if summary.get("floor_ratio_valid"):
        return f"{ratio:.1f}"
    drift = summary.get("floor_drift")
    reason = "was measured only once" if drift is None else f"drifted by {drift:.0%}"
    return f"{ratio:.1f}  INVALID: the floor {reason}"


def _latency(told: Mapping[str, Any]) -> str:
    parts = [
        f"{name.replace('_', '.')} {'-' if told[name] is None else format(told[name], '.1f')}"
        for name in PERCENTILES
    ]
    return f"{'  '.join(parts)} ms  (n = {told['n']:,})"


def _peer(peer: Mapping[str, Any]) -> tuple[str, str]:
    times = peer["times_as_fast"]
    ratio = f"; the pipeline is {times:.0f} times as fast" if times else ""
    told = (
        f"{peer['throughput_per_s']:,.0f}/s on a sample of {peer['sample']:,}, extrapolated "
        f"{peer['extrapolated_million_s']:,.0f} s a million{ratio}"
    )
    return str(peer["name"]), told


def _outage(phase: Mapping[str, Any]) -> tuple[str, str]:
    outage, toll, account = phase["outage"], phase["toll"], phase["account"]
    kind = "provider down" if outage["kind"] == "down" else "storm of 429"
    told = (
        f"drained in {toll['drained_s']:.1f} s; batches that came back {toll['refused']:,}, "
        f"items tried again {toll['retried']:,}, dead letters {account['dead_lettered']:,}, "
        f"lost {account['lost']}"
    )
    return f"{kind} for {outage['seconds']:g} s", told


def _verdicts(summary: Mapping[str, Any]) -> list[tuple[str, str]]:
    if summary.get("aborted"):
        return [("ABORTED", str(summary.get("abort_reason")))]
    accounted = "yes" if summary["accounted"] else "NO: see account.json for the ids"
    valid = "yes" if summary["valid"] else "INVALID: " + "; ".join(summary["invalid_reasons"])
    return [("accounted", accounted), ("valid", valid)]
