"""Duplicates among a partition's last records."""

from hypothesis import given
from hypothesis import strategies as st

from eureke.pipeline.window import Window


def test_an_id_seen_before_is_a_duplicate_within_the_window_only() -> None:
    """The distance in offsets decides, up to and including the window's size."""
    window = Window(10)
    assert not window.seen("a", 100)
    assert window.seen("a", 110)
    assert not window.seen("a", 121)


def test_a_record_delivered_again_is_not_a_duplicate() -> None:
    """The same offset read a second time is the same notification."""
    window = Window(10)
    assert not window.seen("a", 5)
    assert not window.seen("a", 5)


@given(
    st.lists(st.sampled_from("abcdefgh"), max_size=200),
    st.integers(1, 12),
    st.integers(0, 200),
)
def test_a_rebuilt_window_comes_to_the_same_verdicts(
    ids: list[str], size: int, restart: int
) -> None:
    """A successor that reads the last `size` records again judges the rest alike."""
    alone, successor = Window(size), Window(size)
    verdicts = [alone.seen(each, offset) for offset, each in enumerate(ids)]
    for offset in range(max(0, restart - size), min(restart, len(ids))):
        successor.seen(ids[offset], offset)
    again = [successor.seen(ids[at], at) for at in range(restart, len(ids))]
    assert again == verdicts[restart:]
    expected = [each in ids[max(0, offset - size) : offset] for offset, each in enumerate(ids)]
    assert verdicts == expected
