"""Duplicates: an id seen before among the last records of its partition.

The verdict depends on the log alone (offsets and ids), so a dispatcher that takes a partition
over comes to the same one by reading the partition's last window again.
"""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Window:
    """The ids of one partition's last records, in two generations that take turns."""

    size: int
    _newer: dict[str, int] = field(default_factory=dict)
    _older: dict[str, int] = field(default_factory=dict)

    def seen(self, notification_id: str, offset: int) -> bool:
        """Whether the id stood at an earlier offset of the window; remembers this one."""
        newer = self._newer
        last = newer.setdefault(notification_id, offset)
        if last == offset:
            last = self._older.get(notification_id, offset)
            if len(newer) >= self.size:
                self._older, self._newer = newer, {}
        else:
            newer[notification_id] = offset
        return 0 < offset - last <= self.size
