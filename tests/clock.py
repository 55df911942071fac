"""A clock for tests."""

from dataclasses import dataclass

S = 1_000_000_000


@dataclass
class Clock:
    """Nanoseconds that stand until they are moved."""

    now_ns: int = S

    def __call__(self) -> int:
        return self.now_ns

    def pass_s(self, passed_s: float) -> None:
        self.now_ns += int(passed_s * S)
