"""Some notifications in an open loop, each followed from hop to hop."""

import contextlib
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow.parquet as pq

from eureke.experiments.passing import check_closes
from eureke.experiments.standstill import once_taken, standing_still
from eureke.measure import latency
from eureke.measure.evidence import Span
from eureke.measure.ledger import account
from eureke.measure.place import split
from eureke.passage import Passage, passage, work_folder
from eureke.phase import plan
from eureke.scenario import Scenario
from eureke.stack.stack import Stack
from eureke.traffic import Traffic

LEAD: Final = 600
"""So many make a broker that has just started as quick as it will be."""
FROZEN_AT: Final = 0.25
"""Of those that are followed have come to the provider when the worker is frozen."""
WORKER: Final = "worker-bulk-1"


def journey(
    stack: Stack,
    scenario: Scenario,
    *,
    count: int,
    rate_per_s: float,
    provider_ms: float,
    frozen_s: float = 0.0,
    lead: int = LEAD,
) -> pd.DataFrame:
    """Sends some notifications at fixed times and follows each, through every stage.

    Args:
        stack: with its application.
        scenario: of the stack: its people, and what is odd about its notifications.
        count: how many are followed.
        rate_per_s: at which rate.
        provider_ms: the provider's median latency.
        frozen_s: for how long the worker is frozen meanwhile.
        lead: how many are sent before those, for connections, caches and compilers.

    Returns:
        A row for each that was delivered, in the order of sending: id, latencies and stages as
        `measure.latency.samples` has them, where its record stands in its topic (partition,
        offset) and its receipt (receipt_partition, receipt_offset), and whether it is the
        `typical` one, whose latency to the receipt is the median.

    Raises:
        LoadFailed: the account does not close.
    """
    with _work(stack) as work:
        traffic = Traffic(scenario, stack, work, salt=work.name)
        traffic.settle_in()
        load = plan(
            scenario,
            name="journey",
            count=lead + count,
            arrivals="constant",
            rate_per_s=rate_per_s,
            latency_median_ms=provider_ms,
            item_failure_share=0.0,
        )
        traffic.prepare(load)
        traffic.settle()
        once = once_taken(stack, round(lead + FROZEN_AT * count))
        freezing = standing_still(stack, WORKER, once=once, lasts_s=frozen_s)
        with freezing if frozen_s else contextlib.nullcontext():
            through = passage(stack, traffic, load)
        return _followed(through, work, lead=lead)


@contextmanager
def _work(stack: Stack) -> Iterator[Path]:
    """A folder that the stack's processes see, for as long as the block lasts."""
    work = work_folder(stack, f"journey-{secrets.token_hex(4)}")
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _followed(through: Passage, work: Path, *, lead: int) -> pd.DataFrame:
    span = through.span
    found = account(span.evidence(), scratch=work)
    check_closes("the journey", found)
    load = span.loads[0]
    table = latency.samples(span, through.seen(), load)
    ids = pq.read_table(load.load / "load.parquet", columns=["seq", "id"]).to_pandas()
    table.insert(0, "id", ids.set_index("seq")["id"])
    table = table[table.index >= lead]
    table = table.join(_places(span), on="id", how="inner").dropna().reset_index(drop=True)
    middle = int((table["receipt_ms"] - table["receipt_ms"].median()).abs().argmin())
    return table.assign(typical=[number == middle for number in range(len(table))])


def _places(span: Span) -> pd.DataFrame:
    """By the id, where its record and the receipt of its delivery stand."""
    rows = [
        (at.id, at.partition, at.offset, *split(place))
        for place, receipt in span.receipts()
        for at in receipt.delivered
    ]
    names = ["partition", "offset", "receipt_partition", "receipt_offset"]
    table = pd.DataFrame(rows, columns=["id", *names])
    return (
        table.drop_duplicates("id").set_index("id").convert_dtypes(dtype_backend="numpy_nullable")
    )
