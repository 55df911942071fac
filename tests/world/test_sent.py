"""The sender's own record."""

from contextlib import closing
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from eureke.world.sent import ACKNOWLEDGED, REFUSED, STATUSES, UNKNOWN, SentWriter, decided


def written(path: Path, *, pieces: int, each: int) -> SentWriter:
    with closing(SentWriter(path)) as writer:
        for first in range(0, pieces * each, each):
            at = np.arange(first, first + each)
            fates = np.full(each, ACKNOWLEDGED, dtype=np.int8)
            writer.add(seq=at, intended_ns=at * 2, sent_ns=at * 3, acked_ns=at * 0, fates=fates)
    return writer


def test_pieces_are_one_table_and_are_counted(tmp_path: Path) -> None:
    """In the order they were written in."""
    writer = written(tmp_path / "sent", pieces=3, each=4)
    table = pq.read_table(tmp_path / "sent").to_pandas()
    assert list(table["seq"]) == list(range(12))
    assert list(table["sent_ns"]) == [3 * at for at in range(12)]
    assert writer.counts == {"acknowledged": 12, "refused": 0, "unknown": 0}


def test_fates_that_are_known_in_the_end_are_written_for_all(tmp_path: Path) -> None:
    """The known ones by seq, the others as said; the provisional record is gone."""
    provisional = tmp_path / "provisional"
    written(provisional, pieces=2, each=3)
    rows = list(decided(provisional, {1: REFUSED, 5: ACKNOWLEDGED}, others=UNKNOWN))
    fates = [STATUSES[each] for some in rows for each in some["fates"]]
    assert fates == ["unknown", "refused", "unknown", "unknown", "unknown", "acknowledged"]
    assert [int(each) for some in rows for each in some["sent_ns"]] == [0, 3, 6, 9, 12, 15]
    assert not provisional.exists()
