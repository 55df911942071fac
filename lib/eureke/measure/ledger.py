"""The account: what became of every record, told by the world and the log alone.

The ledger believes the sender, the topics and the provider's record, and shares nothing with the
pipeline but the wire format. Ids are compared by 64-bit hashes (ten million of them meet by
chance once in 370,000 runs) and sorted into buckets on disk, of which one at a time is in memory.
"""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from eureke.measure.account import FAULTS, Account
from eureke.measure.buckets import Buckets, codes, keys_of
from eureke.measure.place import place_name, split

EXPECTED: Final = ("delivered", "duplicate", "malformed", "rejected", "suppressed", "expired")
STATUSES: Final = ("acknowledged", "refused", "unknown")
OUTCOMES: Final = ("delivered", "suppressed", "expired", "dead_lettered", "duplicate", "malformed")
"""In this order: where one notification has two outcomes, the first in the list holds."""
FINAL: Final = OUTCOMES[:4]
CULPRITS_SHOWN: Final = 100
ROWS_PER_BUCKET: Final = 1_000_000
DELIVERED, DEAD, DUPLICATE, MALFORMED = (
    OUTCOMES.index(each) for each in ("delivered", "dead_lettered", "duplicate", "malformed")
)


class SentRows(NamedTuple):
    """Some of the sender's record, with what the population expects of each."""

    ids: Sequence[str | None]
    expected: Sequence[str]
    statuses: Sequence[str]


class LogRows(NamedTuple):
    """Some of a lane's records; the id is None where the value is no notification."""

    ids: Sequence[str | None]
    places: Sequence[int]


class OutcomeRows(NamedTuple):
    """Some outcomes from receipts and dead letters."""

    ids: Sequence[str | None]
    places: Sequence[int]
    outcomes: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that the account is made from; each part can be read more than once.

    `effects` are the ids of the provider's record, once for each effect. `committed` is, by the
    `line` of a partition, where the pipeline would go on after a restart. A place (see `place`)
    is a line and an offset.
    """

    sent: Iterable[SentRows]
    log: Iterable[LogRows]
    outcomes: Iterable[OutcomeRows]
    effects: Iterable[Sequence[str]]
    committed: Mapping[int, int] = field(default_factory=dict)


def account(
    evidence: Evidence, *, rows_per_bucket: int = ROWS_PER_BUCKET, scratch: Path | None = None
) -> Account:
    """The account of a load.

    Args:
        evidence: what the world and the log say.
        rows_per_bucket: about how many records are in memory at a time.
        scratch: where the buckets are kept meanwhile.
    """
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        records = sum(len(rows.places) for rows in evidence.log)
        buckets = Buckets(Path(folder), count=records // rows_per_bucket + 1)
        counts = _fill(buckets, evidence)
        culprits: dict[str, list[int]] = {fault: [] for fault in FAULTS}
        for bucket in range(buckets.count):
            _judge(buckets.frames(bucket), evidence.committed, counts, culprits)
    _judge_malformed(counts)
    named = _named(evidence, culprits)
    fields = {name: int(value) for name, value in counts.items() if not name.startswith("_")}
    return Account(**fields, culprits=named)


def _fill(buckets: Buckets, evidence: Evidence) -> dict[str, int]:
    """Sorts everything into the buckets, and counts what needs no comparison."""
    counts = dict.fromkeys([*STATUSES, "records", "malformed", "_malformed_sent"], 0)
    for sent in evidence.sent:
        for status in STATUSES:
            counts[status] += sent.statuses.count(status)
        acknowledged = zip(sent.expected, sent.statuses, strict=True)
        counts["_malformed_sent"] += sum(
            pair == ("malformed", "acknowledged") for pair in acknowledged
        )
        known = [row for row in zip(*sent, strict=True) if row[0] is not None]
        if known:
            ids, expected, statuses = zip(*known, strict=True)
            buckets.add(
                "sent",
                key=keys_of(ids),
                expected=codes(expected, EXPECTED),
                status=codes(statuses, STATUSES),
            )
    for log in evidence.log:
        good = np.array([each is not None for each in log.ids], dtype=np.int8)
        counts["records"] += len(good)
        counts["malformed"] += int((good == 0).sum())
        buckets.add("log", key=keys_of(log.ids, log.places), place=log.places, good=good)
    for outcome in evidence.outcomes:
        buckets.add(
            "outcomes",
            key=keys_of(outcome.ids, outcome.places),
            place=outcome.places,
            outcome=codes(outcome.outcomes, OUTCOMES),
        )
    for effects in evidence.effects:
        buckets.add("effects", key=keys_of(effects))
    return counts


def _judge(
    frames: dict[str, pd.DataFrame],
    committed: Mapping[int, int],
    counts: dict[str, int],
    culprits: dict[str, list[int]],
) -> None:
    """Adds one bucket to the counts, and the keys of what went wrong to the culprits."""
    log, outcomes, sent = frames["log"], frames["outcomes"], frames["sent"]
    effects = frames["effects"]["key"].value_counts()

    def blame(fault: str, keys: Any) -> None:
        counts[fault] = counts.get(fault, 0) + len(keys)
        culprits[fault].extend(int(key) for key in list(keys)[:CULPRITS_SHOWN])

    # Each place has one outcome: the first in the order of OUTCOMES.
    best = outcomes.groupby("place")["outcome"].min()
    records = log.assign(outcome=log["place"].map(best))
    good = records[records["good"] == 1]
    ids = good.groupby("key").agg(rows=("place", "size"), outcome=("outcome", "min"))
    judged_duplicate = good[good["outcome"] == DUPLICATE].groupby("key").size()
    ids["judged_duplicate"] = judged_duplicate.reindex(ids.index, fill_value=0)
    ids["effects"] = effects.reindex(ids.index, fill_value=0)
    # Where a dead letter and an effect meet, the effect holds.
    ids.loc[(ids["outcome"] == DEAD) & (ids["effects"] > 0), "outcome"] = DELIVERED
    first = sent[sent["expected"] != EXPECTED.index("duplicate")].groupby("key")["expected"].first()
    ids["expected"] = first.reindex(ids.index)

    counts["unique"] = counts.get("unique", 0) + len(ids)
    counts["duplicates"] = counts.get("duplicates", 0) + int(len(good) - len(ids))
    for code, name in enumerate(FINAL):
        counts[name] = counts.get(name, 0) + int((ids["outcome"] == code).sum())

    # A record without an outcome; or an id all of whose records were taken for duplicates.
    undone = records[records["outcome"].isna()]
    passed = undone["place"].map(lambda at: _passed(at, committed)).astype(bool)
    orphans = ids.index[ids["outcome"] == DUPLICATE]
    blame("stuck", [*undone["key"][~passed], *orphans])
    acknowledged = sent[sent["status"] == 0]["key"]
    absent = acknowledged[~acknowledged.isin(ids.index)].unique()
    unproven = ids.index[(ids["outcome"] == DELIVERED) & (ids["effects"] == 0)]
    blame("lost", [*undone["key"][passed], *absent, *unproven])
    blame("delivered_twice", effects.index[effects > 1])
    strangers = outcomes[~outcomes["place"].isin(log["place"])]["key"].unique()
    unread = effects.index[~effects.index.isin(ids.index)]
    unsent = ids.index[~ids.index.isin(sent["key"])]
    blame("phantom", {int(key) for each in (strangers, unread, unsent) for key in each})
    blame("misjudged", _misjudged(ids, records))


def _misjudged(ids: pd.DataFrame, records: pd.DataFrame) -> set[int]:
    """Keys of notifications and records whose outcome is not the one that was expected."""
    settled = ids[ids["outcome"].notna() & (ids["outcome"] != DUPLICATE)]
    outcome_of = {"delivered": "delivered", "rejected": "dead_lettered"}
    outcome_of |= {name: name for name in ("suppressed", "expired")}
    should = settled["expected"].map(
        {EXPECTED.index(name): OUTCOMES.index(outcome) for name, outcome in outcome_of.items()}
    )
    wrong = settled.index[should.notna() & (settled["outcome"] != should)]
    # All records of an id but the first are duplicates, and the first never is.
    miscounted = settled.index[settled["judged_duplicate"] != settled["rows"] - 1]
    undelivered_effect = settled.index[(settled["outcome"] != DELIVERED) & (settled["effects"] > 0)]
    malformed = records["outcome"] == MALFORMED
    taken = records["key"][malformed & (records["good"] == 1)]
    missed = records["key"][~malformed & records["outcome"].notna() & (records["good"] == 0)]
    return {
        int(key) for each in (wrong, miscounted, undelivered_effect, taken, missed) for key in each
    }


def _passed(place: int, committed: Mapping[int, int]) -> bool:
    at, offset = split(place)
    return offset < committed.get(at, 0)


def _judge_malformed(counts: dict[str, int]) -> None:
    """Malformed records have no id: the sender's can only be counted against the log's."""
    missing = counts["_malformed_sent"] - counts["malformed"]
    counts["lost"] = counts.get("lost", 0) + max(0, missing)
    counts["misjudged"] = counts.get("misjudged", 0)


def _named(evidence: Evidence, culprits: dict[str, list[int]]) -> dict[str, list[str]]:
    """The ids, or places, behind the culprits' keys: found by reading the evidence again."""
    wanted = {key for keys in culprits.values() for key in keys[:CULPRITS_SHOWN]}
    if not wanted:
        return {}
    names: dict[int, str] = {}

    def note(ids: Sequence[str | None], places: Sequence[int] | None = None) -> None:
        for index, key in enumerate(keys_of(ids, places).tolist()):
            if key in wanted and key not in names:
                names[key] = ids[index] or place_name(places[index] if places else 0)

    for sent in evidence.sent:
        note([each for each in sent.ids if each is not None])
    for log in evidence.log:
        note(log.ids, log.places)
    for outcome in evidence.outcomes:
        note(outcome.ids, outcome.places)
    for effects in evidence.effects:
        note(effects)
    return {
        fault: [names[key] for key in keys[:CULPRITS_SHOWN] if key in names]
        for fault, keys in culprits.items()
        if keys
    }
