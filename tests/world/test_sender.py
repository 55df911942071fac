"""The sender against a real broker."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from eureke.measure.evidence import marks
from eureke.scenario import Scenario
from eureke.stack.stack import Stack
from eureke.world.load import LoadWriter, Made
from eureke.world.population import write_load


def sent(stack: Stack, folder: Path, *, count: int, arrivals: str, rate_per_s: float) -> Path:
    """The sender's record of a load that was sent, tagged, through the stack."""
    write_load(
        Scenario(malformed_share=0.01),
        folder / "load",
        phase=folder.name,
        count=count,
        arrivals=arrivals,
        rate_per_s=rate_per_s,
        salt=folder.name,
    )
    return sent_load(stack, folder, name=f"sender-{arrivals}")


def sent_load(stack: Stack, folder: Path, *, name: str) -> Path:
    out = folder / "sent.parquet"
    stack.launch(
        name,
        "eureke.world.sender",
        *("--load", str(folder / "load")),
        *("--lane", "bulk"),
        *("--out", str(out)),
        *("--tag", "warm-up"),
    )
    stack.wait(name, timeout_s=60)
    return out


def in_topic(stack: Stack) -> int:
    settings = stack.settings
    return sum(marks(settings).topics[settings.lane("bulk").topic].values())


def test_flat_out_everything_is_acknowledged_and_in_the_topic(stack: Stack, tmp_path: Path) -> None:
    """Malformed and empty values included."""
    before = in_topic(stack)
    record = pq.read_table(
        sent(stack, tmp_path, count=5000, arrivals="flat-out", rate_per_s=1)
    ).to_pandas()
    assert len(record) == 5000
    assert (record["status"] == "acknowledged").all()
    assert in_topic(stack) - before == 5000


def test_open_loop_send_times_are_fixed_in_advance(stack: Stack, tmp_path: Path) -> None:
    """The intended times are exact, nothing is sent early, and each has its own report."""
    out = sent(stack, tmp_path, count=200, arrivals="constant", rate_per_s=200)
    record = pq.read_table(out).to_pandas()
    assert set(np.diff(record["intended_ns"])) == {5_000_000}
    assert (record["sent_ns"] >= record["intended_ns"]).all()
    assert (record["acked_ns"] > record["sent_ns"]).all()
    assert (record["status"] == "acknowledged").all()


@pytest.mark.parametrize("paced", [False, True])
def test_a_record_that_kafka_will_never_take_is_refused_and_the_others_go_on(
    stack: Stack, tmp_path: Path, paced: bool
) -> None:
    """Too large for any topic: found again by its value where no record has a report."""
    with LoadWriter(tmp_path / "load") as load:
        for at, value in enumerate((b"{}", b"x" * 3_000_000, b"[]")):
            made = Made(id=None, key=str(at), value=value, expected="malformed")
            load.add(made, at * 1_000_000 if paced else 0)
    out = sent_load(stack, tmp_path, name=f"sender-large-{paced}")
    record = pq.read_table(out).to_pandas()
    assert list(record["seq"]) == [0, 1, 2]
    assert list(record["status"]) == ["acknowledged", "refused", "acknowledged"]
    assert b'"refused":1' in out.with_name("sent.parquet.progress").read_bytes()
