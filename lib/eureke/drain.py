"""A load that waits in its topic before anybody reads it: what the system does without a sender."""

import time
from pathlib import Path

from eureke.phase import sender_progress
from eureke.stack.stack import Stack


class Drain:
    """Holds a lane's dispatchers until the whole load is sent, then lets them go."""

    def __init__(self, stack: Stack, lane: str, record: Path) -> None:
        self._stack, self._record = stack, record
        self._names = [name for name in stack.names if name.startswith(f"dispatcher-{lane}-")]
        self.resumed_ns = 0
        """When they were let go."""
        for name in self._names:
            stack.pause(name)

    def __call__(self, _share: float) -> None:
        """Lets them go, once."""
        if not self.resumed_ns and sender_progress(self._record).get("done"):
            self.resumed_ns = time.monotonic_ns()
            self.release()

    def release(self) -> None:
        """Lets them go, whatever was sent."""
        for name in self._names:
            self._stack.resume(name)
