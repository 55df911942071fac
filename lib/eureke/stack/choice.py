"""Containers or processes: what was asked for, else what this machine can do, with the reason."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from eureke.errors import BadParameter, ServiceFailed
from eureke.settings import IMAGES
from eureke.stack.servers import Servers
from eureke.stack.service import OURS

if TYPE_CHECKING:
    from eureke.stack.engine import Engine

Backend = Literal["containers", "processes"]
BACKENDS: Final = ("auto", "containers", "processes")
BACKEND_VARIABLE: Final = "EUREKE_BACKEND"
"""Environment variable with what to take where `auto` is asked for."""
STACK_IMAGES: Final = ("kafka", "nginx", "redis", "postgres", "python", "reaper")
REFUSED: Final = (
    "with given servers our own run as processes: what listens on this machine's loopback cannot "
    "be reached from a container"
)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Where a stack runs, and why."""

    backend: Backend
    reason: str
    monitoring: bool = False
    """Whether Prometheus was asked for and can be had."""
    grafana: bool = False
    """Whether Grafana can be had as well."""
    images: dict[str, str] = field(default_factory=dict)
    stand_ins: dict[str, str] = field(default_factory=dict)


def choose(
    wanted: str,
    *,
    given: Servers,
    say: Say,
    kafka_version: str = "",
    environment: Mapping[str, str] = os.environ,
) -> Choice:
    """Where a stack is to run; with containers their images are there afterwards.

    Args:
        wanted: `containers`, `processes`, or `auto`: what EUREKE_BACKEND says, else containers
            where an engine and the images can be had, else processes.
        given: servers that are there already.
        say: is told what is fetched or built.
        kafka_version: of the broker's image; the one of the jars when empty.

    Raises:
        BadParameter: there is no such backend, or it cannot do what is asked for.
        ServiceFailed: containers were asked for by name, and cannot be had.
    """
    asked = check(wanted)
    if asked == "auto":
        asked = check(environment.get(BACKEND_VARIABLE) or "auto")
    if asked == "containers" and given.names:
        raise BadParameter(REFUSED, remedy="leave the backend out, or the servers")
    if asked == "auto" and given.names:
        return _processes(REFUSED, kafka_version)
    if asked == "processes":
        return _processes("asked for", kafka_version)
    try:
        return _containers("asked for" if asked == "containers" else "", kafka_version, say)
    except ServiceFailed as error:
        if asked == "containers":
            raise
        return _processes(error.what.splitlines()[0], kafka_version)


def check(wanted: str) -> str:
    """The backend that was asked for.

    Raises:
        BadParameter: there is none of that name.
    """
    if wanted not in BACKENDS:
        raise BadParameter(
            f"there is no backend {wanted!r}", remedy=f"one of: {', '.join(BACKENDS)}"
        )
    return wanted


def _processes(reason: str, kafka_version: str) -> Choice:
    if kafka_version:
        raise BadParameter(
            f"Kafka {kafka_version} cannot be had as a process: its jars are locked to one version",
            remedy="leave kafka_version out, or take the backend `containers`",
        )
    return Choice(backend="processes", reason=reason)


def _containers(reason: str, kafka_version: str, say: Say) -> Choice:
    # Imported here: who runs without an engine need not load its client.
    from eureke.stack.engine import Engine, answering  # noqa: PLC0415

    with answering():
        return _prepared(Engine.connect(), reason, kafka_version, say)


def _prepared(engine: "Engine", reason: str, kafka_version: str, say: Say) -> Choice:
    from eureke.stack.image import build  # noqa: PLC0415
    from eureke.stack.leftovers import clean_engine  # noqa: PLC0415

    for line in clean_engine(engine, images=False):
        say(line)
    images = {name: IMAGES[name] for name in STACK_IMAGES}
    if kafka_version:
        images["kafka"] = f"{images['kafka'].partition(':')[0]}:{kafka_version}"
    for name, image in images.items():
        try:
            engine.have(image, say=say)
        except ServiceFailed as error:
            if name != "reaper":  # the supervisor cleans up by itself, and says what is missing
                raise
            say(error.what)
    images[OURS] = build(engine, base=images["python"], say=say)
    return Choice(
        backend="containers",
        reason=reason or f"Docker engine {engine.version} answers and has the images",
        images=images,
        stand_ins=engine.stand_ins(images.values()),
    )
