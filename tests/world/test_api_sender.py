"""The sender by the API, against a real one."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest

from eureke.notification import Notification
from eureke.scenario import Scenario
from eureke.stack.stack import Stack
from eureke.world.load import LoadWriter, Made


@pytest.fixture(scope="module")
def door() -> Iterator[Stack]:
    """Kafka and the API, and nobody who reads."""
    with Stack.start(
        scenario=Scenario(apis=1), only=("redis-cache", "kafka", "api-1"), say=lambda _line: None
    ) as found:
        yield found


def value(number: int) -> bytes:
    return msgspec.json.encode(
        Notification(f"n{number}", 7, "email", "bulk", "t", {}, 10**18, 2 * 10**18)
    )


@pytest.mark.parametrize("paced", [False, True])
def test_what_is_no_line_moves_no_other(door: Stack, tmp_path: Path, paced: bool) -> None:
    """Empty values, line breaks, garbage and giants are refused; their neighbours are not."""
    values = [value(1), b"", value(2), b"{\n}", b"null", value(3), b"x" * 100_000, b" ", value(4)]
    with LoadWriter(tmp_path / "load") as load:
        for at, each in enumerate(values):
            made = Made(id=None, key="7", value=each, expected="malformed")
            load.add(made, at * 1_000_000 if paced else 0)
    out = tmp_path / "sent.parquet"
    name = f"api-sender-{paced}"
    door.launch(
        name,
        "eureke.world.api_sender",
        *("--load", str(tmp_path / "load"), "--lane", "bulk"),
        *("--out", str(out), "--tag", "warm-up"),
    )
    door.wait(name, timeout_s=60)
    record = pq.read_table(out).to_pandas()
    good = {0, 2, 5, 8}
    assert list(record["seq"]) == list(range(len(values)))
    assert {at for at in record.index if record["status"][at] == "acknowledged"} == good
    assert set(record["status"]) == {"acknowledged", "refused"}
    assert (record["acked_ns"] > record["sent_ns"]).all()
