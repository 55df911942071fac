"""What a service is: data only; where it runs is decided elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Side = Literal["system", "equipment"]
"""Whose CPU seconds these are: the system under test or the test equipment."""

Probe = Literal["kafka", "redis", "postgres", "http", "file"]
"""The real request that tells whether a service is ready; `file`: it says so itself."""

OURS: Final = "eureke"
"""The image of our own processes, in place of a server's."""


METRICS_PORT: Final = 9100
"""Inside a container, where it is nobody else's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """How a service runs as a container; what is not said here is as with a process."""

    image: str = OURS
    """By the names of `settings.IMAGES`, or our own."""
    ports: Mapping[str, int] = field(default_factory=dict)
    """Ports inside, by the names of the service's own; each is published on loopback."""
    peer_port: int = 0
    """Where other containers find it, by its name."""
    command: tuple[str, ...] | None = None
    """In place of the service's; empty for the image's own."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """In place of the service's, where it is not empty."""
    mounts: Mapping[str, str] = field(default_factory=dict)
    """Where the service's files are put: path inside by the file's name."""
    folder: str = "/tmp"  # noqa: S108  inside the container, where it is private
    memory_mib: int = 512
    cores: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One server or process of ours.

    Commands, files and environments are templates (`string.Template`): `$run` is the run folder,
    `$shared` the part of it that containers see too, `$folder` the service's data folder, `$bind`
    the address it listens at, `$port` its port, `$port_NAME` a further one, `$password` its
    password, and `$python`, `$java`, `$classpath`, `$redis_server`, `$nginx`, `$prometheus`,
    `$grafana` the programs it may need, `$archive_option` Java's for a quicker start (a word
    that is empty is left out), `$grafana_home` where Grafana's own files are;
    `$targets` and `$scrape_interval` are whom Prometheus asks, and how often.
    """

    name: str
    side: Side
    command: tuple[str, ...]
    """Of a process; empty for what there is as a container only."""
    probe: Probe
    container: Container | None = None
    """None for what is a process of this machine with either backend."""
    first: tuple[tuple[str, ...], ...] = ()
    """Commands that run to their end before it, such as formatting a disk."""
    ports: tuple[str, ...] = ()
    """The one named `metrics` is told to the process by its environment."""
    metrics_port: str = "metrics"
    """The port on which it tells Prometheus of itself, if it has that one."""
    health: str = "/health"
    """What is asked by the probe `http`."""
    files: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    """Services that are ready before it starts, and that end after it."""
    deadline_s: float = 60.0


def port_key(service: Service, port: str) -> str:
    """What a port of a service is called where all ports of a stack are listed."""
    return f"{service.name}.{port}" if port else service.name


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStatus:
    """How a service fares."""

    name: str
    side: Side
    pid: int
    running: bool
    exit_code: int | None
    log: str
