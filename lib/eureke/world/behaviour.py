"""How the provider answers: latency and failures, drawn by seed."""

import random
import zlib
from dataclasses import dataclass, fields
from typing import Any, Literal

import msgspec

from eureke.errors import BadParameter
from eureke.notification import CHANNELS
from eureke.scenario import check_names

Mishap = Literal["none", "unavailable", "throttled", "stalled", "reset-before", "reset-after"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What the provider is like; `PUT /settings` changes it while it runs."""

    seed: int = 7
    latency_median_ms: float = 0.0
    latency_sigma: float = 0.4
    item_failure_share: float = 0.0
    unavailable_share: float = 0.0
    throttled_share: float = 0.0
    stalled_share: float = 0.0
    reset_before_share: float = 0.0
    reset_after_share: float = 0.0
    only_channel: str = ""
    """The channel whose requests go wrong; all of them where it is empty."""
    stall_s: float = 8.0
    retry_after_s: float = 1.0
    honours_keys: bool = True

    def __post_init__(self) -> None:
        if self.only_channel not in ("", *CHANNELS):
            raise BadParameter(
                f"only_channel is {self.only_channel!r}", remedy=f"one of: {', '.join(CHANNELS)}"
            )
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, str):
                continue
            if field.name.endswith("_share") and not 0 <= value <= 1:
                raise BadParameter(f"{field.name} is {value}", remedy="a share is between 0 and 1")
            if value < 0:
                raise BadParameter(f"{field.name} is {value}", remedy="it cannot be negative")

    def changed(self, values: dict[str, Any]) -> "Behaviour":
        """The same with some values replaced; unknown names raise BadParameter."""
        names = [field.name for field in fields(self)]
        check_names(values, allowed=names)
        try:
            return msgspec.convert(
                {name: getattr(self, name) for name in names} | values, type=Behaviour
            )
        except msgspec.ValidationError as error:
            raise BadParameter(str(error), remedy="see GET /settings for the types") from error

    def mishap(self, chance: random.Random, channel: str) -> Mishap:
        """What goes wrong with a request as a whole."""
        if self.only_channel not in ("", channel):
            return "none"
        drawn = chance.random()
        for share, mishap in self._shares():
            drawn -= share
            if drawn < 0:
                return mishap
        return "none"

    def _shares(self) -> tuple[tuple[float, Mishap], ...]:
        return (
            (self.unavailable_share, "unavailable"),
            (self.throttled_share, "throttled"),
            (self.stalled_share, "stalled"),
            (self.reset_before_share, "reset-before"),
            (self.reset_after_share, "reset-after"),
        )

    def latency_s(self, chance: random.Random) -> float:
        """A log-normal latency around the median."""
        if self.latency_median_ms == 0:
            return 0.0
        return self.latency_median_ms / 1000 * chance.lognormvariate(0, self.latency_sigma)

    def fails_at_first(self, key: str) -> bool:
        """Whether the item's first attempt fails: decided by seed and key, whatever the order."""
        if self.item_failure_share == 0:
            return False
        return zlib.crc32(key.encode(), self.seed) < self.item_failure_share * 2**32
