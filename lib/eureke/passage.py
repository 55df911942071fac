"""A load's way through a stack, from mark to mark: what was written meanwhile accounts for it."""

import stat
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import msgspec
from confluent_kafka import KafkaException

from eureke.measure.evidence import Marks, Sent, Span, lines, marks
from eureke.measure.observer import Seen
from eureke.phase import Disturb, Plan
from eureke.stack.stack import Stack
from eureke.traffic import LOOK_S, Traffic


@dataclass(frozen=True, slots=True)
class Passage:
    """A load that is through, or that goes no further."""

    span: Span
    observed: Path
    """The observer's record, of all loads."""
    began_ns: int
    """By the monotonic clock, as `ended_ns`."""
    ended_ns: int
    restarts: dict[str, int]
    """Of what died meanwhile."""

    def seen(self) -> list[Seen]:
        """What the observer saw meanwhile."""
        decode = msgspec.json.Decoder(Seen).decode
        return [decode(each) for each in lines(self.observed, self.span.begin, self.span.end)]


def work_folder(stack: Stack, name: str) -> Path:
    """A new folder for loads and records, which the stack's processes see."""
    work = stack.shared / "work" / name
    work.mkdir()
    # Senders write there, in containers as another user.
    work.chmod(stat.S_IMODE(stack.shared.stat().st_mode))
    return work


def passage(
    stack: Stack,
    traffic: Traffic,
    load: Plan,
    *,
    beside: Plan | None = None,
    disturb: Disturb | None = None,
) -> Passage:
    """Sends a load that is prepared through a stack that is settled.

    Args:
        stack: with its application.
        traffic: of that stack.
        load: what is sent.
        beside: is sent at the same time for as long as the other takes.
        disturb: is told at every look which share of the load has its outcome.
    """
    observed, provider = (stack.shared / f"{who}.ndjson" for who in ("observed", "provider"))
    begin = _marks(stack, traffic, observed, provider)
    before, began_ns = Counter(traffic.restarts), time.monotonic_ns()
    traffic.send(load, beside=beside, disturb=disturb)
    ended_ns = time.monotonic_ns()
    time.sleep(2 * LOOK_S)  # the provider, observer and sampler write what they saw
    span = Span(
        settings=stack.settings,
        begin=begin,
        end=_marks(stack, traffic, observed, provider),
        loads=tuple(
            Sent(lane=each.lane, load=traffic.load(each), record=traffic.record(each))
            for each in (load, beside)
            if each is not None
        ),
        provider=provider,
    )
    restarts = dict(Counter(traffic.restarts) - before)
    return Passage(span, observed, began_ns, ended_ns, restarts)


def _marks(stack: Stack, traffic: Traffic, *files: Path) -> Marks:
    """Where everything ends now; a broker that has just died is brought back for it."""
    try:
        return marks(stack.settings, *files)
    except KafkaException:
        traffic.tend()
        return marks(stack.settings, *files)
