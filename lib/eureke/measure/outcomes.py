"""What became of each record of a load: for those who sent notifications of their own."""

from collections.abc import Iterator
from itertools import chain
from typing import Final

import pandas as pd

from eureke.measure.evidence import Span
from eureke.measure.ledger import OUTCOMES

COLUMNS: Final = ("partition", "offset", "id", "outcome", "reason")


def outcome_table(span: Span) -> pd.DataFrame:
    """A row for each record of the span's first load's lane, in the order of the log.

    Columns: partition, offset, id (empty where the record was malformed), outcome, reason.
    """
    table = pd.DataFrame(_rows(span, span.loads[0].lane), columns=list(COLUMNS))
    order = {name: number for number, name in enumerate(OUTCOMES)}
    table["rank"] = table["outcome"].map(order)
    # Where a record was heard of twice, the first in the ledger's order holds, as in the account.
    first = table.sort_values("rank", kind="stable").drop_duplicates(["partition", "offset"])
    rows = first.sort_values(["partition", "offset"]).drop(columns="rank")
    return pd.DataFrame(rows.reset_index(drop=True))


def _rows(span: Span, lane: str) -> Iterator[tuple[int, int, str, str, str]]:
    for _, receipt in span.receipts():
        if receipt.lane != lane:
            continue
        for outcome in ("delivered", "duplicate", "expired"):
            for at in getattr(receipt, outcome):
                yield at.partition, at.offset, at.id, outcome, ""
        for held in receipt.suppressed:
            yield held.partition, held.offset, held.id, "suppressed", held.reason
    for letter in chain.from_iterable(span.letters()):
        if letter.lane == lane:
            outcome = "malformed" if letter.id is None else "dead_lettered"
            yield letter.partition, letter.offset, letter.id or "", outcome, letter.reason
