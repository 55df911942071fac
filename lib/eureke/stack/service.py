"""What a service is: data only; where it runs is decided elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Side = Literal["system", "equipment"]
"""Whose CPU seconds these are: the system under test or the test equipment."""

Probe = Literal["kafka", "redis", "http", "file"]
"""The real request that tells whether a service is ready; `file`: it says so itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One server or process of ours.

    Commands and files are templates (`string.Template`): `$run` is the run folder, `$folder` the
    service's data folder, `$port` its port, `$port_NAME` a further one, `$password` its password,
    and `$python`, `$java`, `$classpath`, `$redis_server` the programs it may need.
    """

    name: str
    side: Side
    command: tuple[str, ...]
    probe: Probe
    first: tuple[tuple[str, ...], ...] = ()
    """Commands that run to their end before it, such as formatting a disk."""
    ports: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    """Services that are ready before it starts, and that end after it."""
    deadline_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStatus:
    """How a service fares."""

    name: str
    side: Side
    pid: int
    running: bool
    exit_code: int | None
    log: str
