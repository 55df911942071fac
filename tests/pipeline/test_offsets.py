"""Which offsets may be committed."""

from eureke.pipeline.offsets import Unsettled, place, split


def test_nothing_held_commits_all_that_was_read() -> None:
    """Without holds the next offset to read is the one to commit."""
    unsettled = Unsettled()
    unsettled.read_up_to(2, 17)
    assert unsettled.committable() == {2: 17}


def test_the_smallest_hold_wins_in_each_partition() -> None:
    """A commit never passes the first record without an outcome, whichever order they end in."""
    unsettled = Unsettled()
    unsettled.read_up_to(0, 100)
    unsettled.read_up_to(1, 50)
    unsettled.hold("first", {0: 10, 1: 40})
    unsettled.hold("second", {0: 30})
    assert unsettled.committable() == {0: 10, 1: 40}
    unsettled.release("first")
    assert unsettled.committable() == {0: 30, 1: 50}
    assert unsettled.committable([{1: 5}]) == {0: 30, 1: 5}
    unsettled.release("second")
    unsettled.release("never held")
    assert unsettled.committable() == {0: 100, 1: 50}


def test_partitions_of_another_member_are_not_committed() -> None:
    """What was revoked is not ours to commit, even where a hold still names it."""
    unsettled = Unsettled()
    unsettled.read_up_to(0, 9)
    unsettled.read_up_to(1, 9)
    unsettled.hold("batch", {0: 3, 1: 3})
    unsettled.forget([0])
    assert unsettled.committable() == {1: 3}


def test_a_place_comes_back_as_it_was_packed() -> None:
    """Partition and offset survive the packing, large ones too."""
    assert split(place(31, 2**40 + 5)) == (31, 2**40 + 5)
