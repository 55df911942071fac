"""Where a record stands, in one integer: lane, partition and offset."""

from typing import Final

PLACE_SHIFT: Final = 48
LINE_SHIFT: Final = 12


def line(lane: int, partition: int) -> int:
    """The number of a lane and the partition of its topic in one integer."""
    return lane << LINE_SHIFT | partition


def place(at: int, offset: int) -> int:
    """A line, or a partition where there is but one topic, and an offset in one integer."""
    return at << PLACE_SHIFT | offset


def split(packed: int) -> tuple[int, int]:
    """The line and the offset of a place."""
    return packed >> PLACE_SHIFT, packed & (1 << PLACE_SHIFT) - 1


def place_name(packed: int) -> str:
    """A place in words."""
    at, offset = split(packed)
    lane, partition = at >> LINE_SHIFT, at & (1 << LINE_SHIFT) - 1
    return f"partition {partition}, offset {offset}" + (f", lane {lane}" if lane else "")
