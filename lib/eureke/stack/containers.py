"""Where services run as containers: in a network of their own, with ports on loopback only."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

from eureke.exposed import METRICS_VARIABLE
from eureke.settings import READY_VARIABLE, SETTINGS_VARIABLE
from eureke.stack.folder import SETTINGS_INSIDE, shared
from eureke.stack.service import OURS, Container, Service, port_key
from eureke.stack.state import State
from eureke.stack.targets import blanks


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedContainer:
    """A container with all its blanks filled in, ready to be told to the supervisor."""

    image: str
    command: list[str] | None
    environment: dict[str, str]
    ports: dict[str, int]
    """The port on loopback, by the port inside."""
    mounts: list[tuple[str, str, bool]] = field(default_factory=list)
    """Path on this machine, path inside, whether it may be written."""
    memory_mib: int
    cores: float
    user: str
    """Empty for the image's own."""
    hardened: bool
    """Read-only, without capabilities: for our own image, whose needs we know."""


def render_container(service: Service, *, run: Path, state: State) -> RenderedContainer:
    """Writes the service's files into its data folder and fills in its blanks."""
    container = service.container
    assert container is not None  # noqa: S101  whoever asks has looked
    ours = container.image == OURS
    values = _values(service, container, run, state)
    environment = {
        name: Template(text).substitute(values)
        for name, text in (container.environment or service.environment).items()
    }
    mounts = list(_files(service, container, values, run / "data" / service.name))
    if ours:
        environment |= {
            SETTINGS_VARIABLE: str(shared(run) / SETTINGS_INSIDE),
            READY_VARIABLE: str(shared(run) / "ready" / service.name),
        }
        if "port_metrics" in values:
            environment[METRICS_VARIABLE] = f"{values['bind']}:{values['port_metrics']}"
        # The same path inside: what a process is told about files needs no translation.
        mounts.append((str(shared(run)), str(shared(run)), True))
    command = service.command if container.command is None else container.command
    return RenderedContainer(
        image=state.images[container.image],
        command=[Template(part).substitute(values) for part in command] or None,
        environment=environment,
        ports={
            str(port): state.ports[port_key(service, name)]
            for name, port in container.ports.items()
        },
        mounts=mounts,
        memory_mib=container.memory_mib,
        cores=min(container.cores, float(os.cpu_count() or 1)),
        # Files in the shared folder are to belong to whoever runs this, but never to root.
        user=f"{os.getuid()}:{os.getgid()}" if ours and os.getuid() else "",
        hardened=ours,
    )


def _values(service: Service, container: Container, run: Path, state: State) -> dict[str, str]:
    values = {
        "run": str(run),
        "shared": str(shared(run)),
        "folder": container.folder,
        "python": "python",
        "bind": "0.0.0.0",  # noqa: S104  inside; it is published on loopback
        "cluster_id": state.cluster_id,
        "compiler_level": str(state.compiler_level),
        "password": state.passwords.get(service.name, ""),
        "published": str(state.ports.get(service.name, "")),
    } | blanks(state)
    for name, port in container.ports.items():
        values[f"port_{name}" if name else "port"] = str(port)
    return values


def _files(
    service: Service, container: Container, values: Mapping[str, str], folder: Path
) -> list[tuple[str, str, bool]]:
    """Its files, readable for whoever the image runs as: the run folder keeps strangers out."""
    found = []
    for name, inside in container.mounts.items():
        folder.mkdir(mode=0o700, exist_ok=True)
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(Template(service.files[name]).substitute(values))
        file.chmod(0o644)
        found.append((str(file), inside, False))
    return found
