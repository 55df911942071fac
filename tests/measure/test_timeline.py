"""The timeline: series over time from the records of sender, provider, observer and sampler."""

from pathlib import Path

import msgspec
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from eureke.errors import LoadFailed
from eureke.measure.evidence import Marks, Sent, Span, lines
from eureke.measure.observer import Seen
from eureke.measure.sampler import Sample, Usage
from eureke.measure.timeline import STEP_S, lag_trend, timeline
from eureke.settings import Settings

S = 1_000_000_000
BEGIN_NS = 1000 * S
encode = msgspec.json.encode


def at(t_s: float) -> int:
    """A time of the monotonic clock, from the first send."""
    return BEGIN_NS + int(t_s * S)


def ndjson(path: Path, *values: object) -> Path:
    path.write_bytes(b"".join(encode(each) + b"\n" for each in values))
    return path


@pytest.fixture
def table(tmp_path: Path) -> pd.DataFrame:
    """The timeline of a load of five, recorded by hand."""
    sent_ns = [at(each) for each in (0, 0.1, 0.2, 0.3, 1.1)]
    pq.write_table(pa.table({"sent_ns": sent_ns}), tmp_path / "sent.parquet")
    effects = ndjson(
        tmp_path / "provider.ndjson",
        {"t_ns": at(0.4), "channel": "sms", "effects": ["a", "b", "c"], "repeats": ["z"]},
        {"t_ns": at(1.2), "channel": "sms", "effects": ["d"], "repeats": []},
    )
    observed = ndjson(
        tmp_path / "observed.ndjson",
        Seen("receipts", 0, at(-5), delivered=100),  # of an earlier load
        Seen("receipts", 1, at(0.6), delivered=3, retry=9),
        Seen("dead-letters", 0, at(0.7), malformed=1),
        Seen("receipts", 2, at(1.3), delivered=1),
    )
    earlier = observed.read_bytes().index(b"\n") + 1
    span = Span(
        settings=Settings(kafka="", redis_queue="", redis_cache="", provider_url="", users_url=""),
        begin=Marks({}, {str(observed): earlier, str(effects): 0}),
        end=Marks(
            {}, {str(observed): observed.stat().st_size, str(effects): effects.stat().st_size}
        ),
        loads=(Sent(lane="bulk", load=tmp_path, record=tmp_path / "sent.parquet"),),
        provider=effects,
    )
    samples = [
        Sample(at(-0.25), 0.0, {"kafka": Usage(1.0, 2**20, 1.0)}, queue=0, lag=0),
        Sample(at(0), 0.0, {"kafka": Usage(1.1, 3 * 2**20, 1.0)}, queue=None, lag=None),
        Sample(at(0.5), 0.0, {"kafka": Usage(1.5, 2 * 2**20, 1.0)}, queue=4, lag=7),
        Sample(at(1.0), 0.0, {"kafka": Usage(0.2, 2**20, 9.0)}, queue=1, lag=2),
    ]
    decode = msgspec.json.Decoder(Seen).decode
    seen = [decode(each) for each in lines(observed, span.begin, span.end)]
    return timeline("flat-out", span=span, seen=seen, samples=samples, begin_ns=BEGIN_NS)


def series(table: pd.DataFrame, name: str) -> dict[float, float]:
    rows = table[table["series"] == name]
    return dict(zip(rows["t_s"], rows["value"], strict=True))


def total(table: pd.DataFrame, name: str) -> float:
    """What a rate adds up to: how many there were."""
    return sum(series(table, name).values()) * STEP_S


def test_it_is_a_long_table_of_one_phase(table: pd.DataFrame) -> None:
    """One row a value: what all figures read."""
    assert list(table) == ["t_s", "phase", "series", "value"]
    assert set(table["phase"]) == {"flat-out"}


def test_rates_add_up_to_what_was_counted(table: pd.DataFrame) -> None:
    """Nothing is lost between the steps, nothing of an earlier load is in it, no retry is final."""
    assert total(table, "sent_per_s") == 5
    assert total(table, "effects_per_s") == 4
    assert total(table, "receipts_per_s") == 5


def test_a_rate_stands_in_the_middle_of_its_step(table: pd.DataFrame) -> None:
    """Three were sent in the first quarter second: 12 a second."""
    assert series(table, "sent_per_s") == {0.125: 12, 0.375: 4, 0.625: 0, 0.875: 0, 1.125: 4}


def test_gaps_of_the_sampler_are_gaps(table: pd.DataFrame) -> None:
    """A queue that did not answer is not empty."""
    assert series(table, "queue") == {0.5: 4, 1.0: 1}
    assert series(table, "lag") == {0.5: 7, 1.0: 2}


def test_processes_have_cores_and_memory(table: pd.DataFrame) -> None:
    """CPU seconds by the second between two samples of the same process; none over a restart."""
    assert series(table, "cpu.kafka") == pytest.approx({0.0: 0.4, 0.5: 0.8})
    assert series(table, "rss_mib.kafka") == {0.0: 3, 0.5: 2, 1.0: 1}


def test_a_load_of_which_nothing_came_has_a_timeline_all_the_same(tmp_path: Path) -> None:
    """An aborted run has nothing sent, seen or sampled."""
    pq.write_table(pa.table({"sent_ns": pa.array([], pa.int64())}), tmp_path / "sent.parquet")
    empty = ndjson(tmp_path / "empty.ndjson")
    nowhere = Marks({}, {str(empty): 0})
    span = Span(
        settings=Settings(kafka="", redis_queue="", redis_cache="", provider_url="", users_url=""),
        begin=nowhere,
        end=nowhere,
        loads=(Sent(lane="bulk", load=tmp_path, record=tmp_path / "sent.parquet"),),
        provider=empty,
    )
    found = timeline("flat-out", span=span, seen=[], samples=[], begin_ns=BEGIN_NS)
    assert list(found) == ["t_s", "phase", "series", "value"]
    assert found.empty


def load(receipts_per_s: float, *, later_steps: int = 0, steps: int = 8) -> pd.DataFrame:
    """A timeline of a hundred sent each second, and so many outcomes that begin later."""
    rows = []
    for step in range(steps):
        t_s = (step + 0.5) * STEP_S
        rows.append((t_s, "it", "sent_per_s", 100.0))
        rows.append((t_s, "before", "receipts_per_s", 999.0))
        rows.append((t_s + 0.01, "it", "queue", 7.0))
        if step >= later_steps and receipts_per_s:
            rows.append((t_s, "it", "receipts_per_s", receipts_per_s))
    return pd.DataFrame(rows, columns=["t_s", "phase", "series", "value"])


@pytest.mark.parametrize(
    ("table", "grows_per_s"),
    [
        (load(100), 0.0),
        (load(100, later_steps=3), 0.0),  # a latency is no lag that grows
        (load(60), 40.0),
        (load(130, later_steps=3), -30.0),
        (load(0), 100.0),
    ],
)
def test_the_lag_grows_by_what_has_no_outcome(table: pd.DataFrame, grows_per_s: float) -> None:
    """In the second half, whatever the first was like."""
    assert lag_trend(table, "it", begin_s=1, end_s=2) == pytest.approx(grows_per_s)


def test_a_moment_has_no_trend() -> None:
    """It is refused, with the time that would do."""
    with pytest.raises(LoadFailed, match="3 looks") as caught:
        lag_trend(load(60), "it", begin_s=1.2, end_s=1.9)
    assert "1 s or longer" in caught.value.remedy
