"""What one stack is: its ports, passwords and sizes, kept in the run folder."""

from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from eureke.errors import ServiceFailed
from eureke.stack.servers import Servers


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What another process needs to use a stack: kept in the run folder, readable by its owner."""

    token: str
    cluster_id: str
    ports: dict[str, int]
    passwords: dict[str, str]
    dispatchers: int
    workers: int
    application: bool
    apis: int = 0
    scrape_interval_s: float = 0.0
    """How often Prometheus asks every process; 0 where there is none."""
    compiler_level: int = 1
    """Of the broker's Java: 4 where the load lasts."""
    grafana: bool = False
    """Whether it can be had: its image with containers, the one on PATH without."""
    balancer: str = "none"
    balanced: bool = False
    """Whether there is an Nginx before the replicas of the API: once there, it stays."""
    nginx_counts: bool = True
    """Whether it has `stub_status`."""
    certificate: dict[str, str] = field(default_factory=dict)
    """The files of a certificate, where it speaks TLS at a further port."""
    prefix: str = "eureke"
    servers: Servers = field(default_factory=Servers)
    """Those that were given, with their passwords."""
    backend: str = "processes"
    backend_reason: str = ""
    images: dict[str, str] = field(default_factory=dict)
    """With containers: the image of each kind of service, our own included."""
    stand_ins: dict[str, str] = field(default_factory=dict)
    """Images that only bear the official name, and what they were built from."""

    @property
    def made_up(self) -> bool:
        """Whether the prefix is of this stack alone, so that all that has it may be removed."""
        return bool(self.servers.names) and not self.servers.prefix

    def write(self, folder: Path) -> None:
        """Writes the state into the run folder."""
        path = folder / "stack.json"
        partial = path.with_name(f"{path.name}.partial")
        partial.touch(mode=0o600)
        partial.write_bytes(msgspec.json.encode(self))
        partial.replace(path)  # whoever reads meanwhile reads one or the other


def read_state(folder: Path) -> State:
    """The state in a run folder.

    Raises:
        ServiceFailed: there is none that can be read.
    """
    try:
        return msgspec.json.decode((folder / "stack.json").read_bytes(), type=State)
    except (OSError, msgspec.MsgspecError) as error:
        raise ServiceFailed(
            f"{folder} is not the folder of a stack: {error}", remedy="start one: `eureke up`"
        ) from error
