"""Who is written to, and what should become of each."""

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest

from eureke.errors import LoadFailed
from eureke.notification import Notification
from eureke.scenario import Scenario
from eureke.world.arrivals import offsets_ns
from eureke.world.load import Made
from eureke.world.population import population, write_load

SCENARIO = Scenario(
    duplicate_share=0.05,
    malformed_share=0.02,
    rejected_share=0.01,
    expired_share=0.01,
    opted_out_share=0,
    quiet_share=0,
    capped_share=0,
)
"""People who have refused nothing: what they have refused is judged in tests/pipeline."""
RESERVED = (".example.net", "@example.com", "https://hooks.example.org/", "+120255501", ".invalid")


def made(count: int = 20_000, **other: Any) -> list[Made]:
    return list(population(SCENARIO, phase=other.pop("phase", "flat-out"), count=count, **other))


def test_the_same_seed_phase_and_salt_make_the_same_bytes() -> None:
    """And another phase or salt makes other ids, so that no load is taken for another."""
    first = made(2000)
    assert first == made(2000)
    ids = {each.id for each in first if each.id}
    assert not ids & {each.id for each in made(2000, phase="open-loop")}
    assert not ids & {each.id for each in made(2000, salt="another run")}


def test_each_kind_has_about_its_share() -> None:
    """Within five standard deviations; the seed is fixed, so this never flickers."""
    kinds = Counter(each.expected for each in made())
    assert kinds["duplicate"] == pytest.approx(1000, abs=155)
    assert kinds["malformed"] == pytest.approx(400, abs=100)
    assert kinds["rejected"] == pytest.approx(200, abs=71)


def test_the_expectation_follows_from_the_bytes_alone() -> None:
    """Recomputed here by reading the values."""
    seen: set[str] = set()
    for each in made():
        try:
            notification = msgspec.json.decode(each.value, type=Notification)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            assert (each.expected, each.id) == ("malformed", None)
            continue
        if notification.id in seen:
            expected = "duplicate"
        elif notification.expires_ns <= notification.created_ns:
            expected = "expired"
        else:
            expected = "rejected" if notification.data["to"].endswith(".invalid") else "delivered"
        seen.add(notification.id)
        assert (each.expected, each.id) == (expected, notification.id)
        assert each.key == str(notification.user_id)


def test_recipients_are_nobody() -> None:
    """Only names and numbers that are reserved for documentation and fiction."""
    for each in made(5000):
        if each.expected != "malformed":
            to = msgspec.json.decode(each.value, type=Notification).data["to"]
            assert any(mark in to for mark in RESERVED), to


def test_a_duplicate_comes_within_the_dispatchers_window() -> None:
    """The window is counted in records, and so is the distance."""
    places: dict[str, int] = {}
    for place, each in enumerate(made()):
        if each.id is not None:
            if each.expected == "duplicate":
                assert place - places[each.id] < 10_000
            places[each.id] = place


def test_arrivals_keep_their_rate() -> None:
    """Constant to the nanosecond, Poisson in the mean, flat-out all at once."""
    constant = offsets_ns("constant", count=1000, rate_per_s=200, seed=1)
    assert constant[1] - constant[0] == 5_000_000
    poisson = offsets_ns("poisson", count=20_000, rate_per_s=200, seed=1)
    assert poisson[-1] / 20_000 == pytest.approx(5_000_000, rel=0.05)
    assert (poisson[1:] >= poisson[:-1]).all()
    assert not offsets_ns("flat-out", count=10, rate_per_s=200, seed=1).any()


def load_of(lines: str, folder: Path) -> list[str]:
    """The expectations of an input file's load."""
    file = folder / "mine.ndjson"
    file.write_text(lines)
    scenario = Scenario(input=str(file))
    write_load(
        scenario, folder / "load", phase="flat-out", count=1, arrivals="flat-out", rate_per_s=1
    )
    expected: list[str] = pq.read_table(folder / "load" / "load.parquet")["expected"].to_pylist()
    return expected


def line(notification_id: str, to: str = "a@example.com") -> str:
    value = Notification(notification_id, 1, "email", "bulk", "hello", {"to": to}, 1, 2)
    return msgspec.json.encode(value).decode()


def test_bad_lines_of_an_input_file_are_reported_and_the_rest_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With their number and reason; repeated ids are expected to be duplicates."""
    text = "\n".join([line("a"), "no json", line("a"), line("b", "x@gone.invalid"), '{"id":1}'])
    assert load_of(text, tmp_path) == ["delivered", "duplicate", "rejected"]
    said = capsys.readouterr().out
    assert "line 2" in said
    assert "line 5" in said
    assert (tmp_path / "load" / "bad-lines.ndjson").read_text().count("\n") == 2


@pytest.mark.parametrize("text", ["", "id,user\n1,2\n", "\x00\x01\x02"])
def test_a_file_without_one_good_line_is_an_error_with_a_remedy(tmp_path: Path, text: str) -> None:
    """A CSV or a binary file is not silently an empty load."""
    with pytest.raises(LoadFailed, match="no line that is a notification") as caught:
        load_of(text, tmp_path)
    assert caught.value.remedy


def test_a_missing_input_file_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    """It names the file."""
    scenario = Scenario(input=str(tmp_path / "nowhere.ndjson"))
    with pytest.raises(LoadFailed, match=r"nowhere\.ndjson"):
        write_load(
            scenario,
            tmp_path / "load",
            phase="flat-out",
            count=1,
            arrivals="flat-out",
            rate_per_s=1,
        )


def test_a_load_larger_than_the_disk_is_refused_before_it_is_begun(tmp_path: Path) -> None:
    """Nothing is written."""
    with pytest.raises(LoadFailed, match="of disk"):
        write_load(
            Scenario(),
            tmp_path / "load",
            phase="x",
            count=10**13,
            arrivals="flat-out",
            rate_per_s=1,
        )
    assert not (tmp_path / "load").exists()


def test_urgent_ones_are_marked_and_none_comes_twice() -> None:
    """In a lane with a million others a second one would lie beyond the window of duplicates."""
    found = made(5000, priority="urgent")
    assert not [each for each in found if each.expected == "duplicate"]
    assert all(b'"priority":"urgent"' in each.value for each in found if each.id)


def test_many_show_how_far_they_are_and_few_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A million take longer to write than people wait without a word."""
    monkeypatch.setattr("eureke.world.population.SHOWN_EVERY", 100)
    for count in (99, 100):
        write_load(
            Scenario(users=10),
            tmp_path / str(count),
            phase="open-loop",
            count=count,
            arrivals="constant",
            rate_per_s=100.0,
        )
    assert capsys.readouterr().err.count("writing open-loop: 100 %  100 notifications") == 1
