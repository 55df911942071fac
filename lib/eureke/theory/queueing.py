"""M/M/c: requests that come at random, and so many servers that take one each.

The formulas are those of D. Gross and others, "Fundamentals of Queueing Theory", chapter 2.
"""

from dataclasses import dataclass
from math import exp, inf, log

from eureke.errors import BadParameter


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """One queue before servers that are all alike."""

    rate_per_s: float
    """How many come."""
    service_ms: float
    """How long a server takes for one, on the mean."""
    servers: int = 1

    def __post_init__(self) -> None:
        if self.rate_per_s <= 0 or self.service_ms <= 0 or self.servers < 1:
            raise BadParameter(
                f"{self} cannot be", remedy="give a rate and a service time above 0, and a server"
            )

    @property
    def busy(self) -> float:
        """The share of time that a server is busy; from 1 on the queue grows without end."""
        return self._offered / self.servers

    @property
    def waits(self) -> float:
        """The share of requests that find all servers busy (Erlang C)."""
        if self.busy >= 1:
            return 1.0
        lost = 1.0  # Erlang B, a server at a time
        for number in range(1, self.servers + 1):
            lost = self._offered * lost / (number + self._offered * lost)
        return lost / (1 - self.busy * (1 - lost))

    @property
    def mean_ms(self) -> float:
        """From coming to being done, on the mean."""
        if self.busy >= 1:
            return inf
        return self.service_ms * (1 + self.waits / (self.servers - self._offered))

    @property
    def under_way(self) -> float:
        """How many wait or are served at a time, on the mean: Little's law."""
        return self.rate_per_s * self.mean_ms / 1000

    def quantile_ms(self, share: float) -> float:
        """So long or less it takes for that share of the requests."""
        if self.busy >= 1:
            return inf
        low, high = 0.0, self.mean_ms
        while self._longer(high) > 1 - share:
            high *= 2
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if self._longer(middle) > 1 - share else (low, middle)
        return high

    def wait_quantile_ms(self, share: float) -> float:
        """That share of the requests waits for a server so long or less."""
        if self.busy >= 1:
            return inf
        if self.waits <= 1 - share:
            return 0.0
        return self.service_ms * log(self.waits / (1 - share)) / (self.servers - self._offered)

    @property
    def _offered(self) -> float:
        """Servers that it keeps busy."""
        return self.rate_per_s * self.service_ms / 1000

    def _longer(self, ms: float) -> float:
        """The share of requests that take longer than that."""
        time = ms / self.service_ms
        free = self.servers - 1 - self._offered
        served = exp(-time)
        if abs(free) < 1e-9:
            return served * (1 + self.waits * time)
        return served + self.waits * (served - exp(-time * (1 + free))) / free
