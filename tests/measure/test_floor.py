"""Kafka's floor: the whole load goes through, and nothing of it stays."""

from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from confluent_kafka.admin import AdminClient
from tests.measure.conftest import Eventually, Launch

from eureke.errors import LoadFailed
from eureke.measure.floor import Floor, kafka_floor, pieces
from eureke.settings import Settings
from eureke.stack.stack import Stack

VALUES = [b"value %d" % each * (each % 7) for each in range(1000)]


@pytest.fixture
def load(tmp_path: Path) -> Path:
    """A load of a thousand records, some of them empty."""
    folder = tmp_path / "load"
    folder.mkdir()
    (folder / "values.bin").write_bytes(b"".join(VALUES))
    keys = [str(each % 50) for each in range(len(VALUES))]
    table = pa.table({"key": keys, "length": pa.array(map(len, VALUES), pa.int32())})
    pq.write_table(table, folder / "load.parquet", row_group_size=300)
    return folder


def floor_topics(settings: Settings) -> list[str]:
    topics = AdminClient({"bootstrap.servers": settings.kafka}).list_topics(timeout=10).topics
    return [topic for topic in topics if topic.startswith(f"{settings.prefix}.floor-")]


def test_pieces_hold_every_record_once_whatever_their_size(load: Path) -> None:
    """Values and keys in the order of the load, across groups of rows."""
    found = [record for piece in pieces(load, 350) for record in piece]
    assert [len(piece) for piece in pieces(load, 350)] == [350, 350, 300]
    assert found == [(value, str(at % 50).encode()) for at, value in enumerate(VALUES)]


def test_the_floor_is_of_the_whole_load_and_its_topic_is_gone(
    own: Settings, load: Path, eventually: Eventually
) -> None:
    """Seconds for producing and for consuming, and the bytes that went through."""
    floor = kafka_floor(own, load)
    assert floor.records == len(VALUES)
    assert floor.value_bytes == sum(map(len, VALUES))
    assert 0 < floor.produce_s < floor.total_s
    assert floor.total_s == floor.produce_s + floor.consume_s
    eventually(lambda: floor_topics(own) == [])


def test_a_process_writes_the_floor(
    own: Settings, load: Path, launch: Launch, tmp_path: Path
) -> None:
    """What holds a measurement is a process of its own, never the notebook's kernel."""
    out = tmp_path / "floor.json"
    arguments = ("--load", str(load), "--out", str(out))
    process = launch("eureke.measure.floor", *arguments, settings=own, ready=False)
    assert process.wait(timeout=60) == 0, process.communicate()[1]
    assert msgspec.json.decode(out.read_bytes(), type=Floor).records == len(VALUES)


@pytest.mark.parametrize("damage", ["missing", "cut", "garbage"])
def test_a_load_that_cannot_be_read_is_an_error_and_leaves_no_topic(
    own: Settings, load: Path, eventually: Eventually, damage: str
) -> None:
    """A floor of half a load would flatter the pipeline."""
    match damage:
        case "missing":
            (load / "load.parquet").unlink()
        case "cut":
            (load / "values.bin").write_bytes(b"".join(VALUES)[:-1])
        case "garbage":
            (load / "load.parquet").write_bytes(b"no parquet")
    with pytest.raises(LoadFailed, match="cannot be read"):
        kafka_floor(own, load)
    eventually(lambda: floor_topics(own) == [])


def test_a_process_without_a_load_says_what_to_do(
    stack: Stack, launch: Launch, tmp_path: Path
) -> None:
    """No traceback."""
    arguments = ("--load", str(tmp_path / "none"), "--out", str(tmp_path / "floor.json"))
    process = launch("eureke.measure.floor", *arguments, settings=stack.settings, ready=False)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "remedy: prepare it again" in told
    assert "Traceback" not in told
