"""Where services run without containers: as processes of this machine, on loopback."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Final

from eureke import programs
from eureke.exposed import METRICS_VARIABLE
from eureke.settings import READY_VARIABLE, SETTINGS_VARIABLE
from eureke.stack.folder import shared
from eureke.stack.service import Service, port_key
from eureke.stack.state import State
from eureke.stack.targets import blanks

SERVERS: Final = {
    "redis_server": programs.REDIS,
    "nginx": programs.NGINX,
    "prometheus": programs.PROMETHEUS,
    "grafana": programs.GRAFANA,
}
"""By their names in commands."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A service with all its blanks filled in; its commands run one after another."""

    commands: list[list[str]]
    environment: dict[str, str]
    """What differs from the supervisor's own."""
    folder: Path


def render(service: Service, *, run: Path, state: State) -> Rendered:
    """Writes the service's files into its data folder and fills in its commands.

    Raises:
        ProgramMissing: a program it needs is not there.
    """
    folder = run / "data" / service.name
    folder.mkdir(mode=0o700, exist_ok=True)
    values = {
        "run": str(run),
        "shared": str(shared(run)),
        "folder": str(folder),
        "python": sys.executable,
        "bind": "127.0.0.1",
        "cluster_id": state.cluster_id,
        "compiler_level": str(state.compiler_level),
        "password": state.passwords.get(service.name, ""),
    } | blanks(state)
    for port in service.ports:
        values[f"port_{port}" if port else "port"] = str(state.ports[port_key(service, port)])
    commands = (*service.first, service.command)
    environment = {
        SETTINGS_VARIABLE: str(run / "settings.json"),
        READY_VARIABLE: str(shared(run) / "ready" / service.name),
        "PYTHONUNBUFFERED": "1",
    }
    if "port_metrics" in values:
        environment[METRICS_VARIABLE] = f"{values['bind']}:{values['port_metrics']}"
    if _uses(commands, "$java"):
        values |= {"java": str(programs.java()), "classpath": programs.kafka_classpath()}
        values["archive_option"] = programs.archive_option()
    for name, sought in SERVERS.items():
        if _uses(commands, f"${name}"):
            server = sought.find()
            values[name] = str(server.path)
            environment |= server.environment
    if _uses(commands, "$grafana_home"):
        values["grafana_home"] = str(programs.grafana_home())
    for name, template in service.files.items():
        file = folder / name
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(Template(template).substitute(values))
    return Rendered(
        commands=[_filled(each, values) for each in commands],
        environment=environment
        | {name: Template(text).substitute(values) for name, text in service.environment.items()},
        folder=folder,
    )


def _filled(command: Iterable[str], values: Mapping[str, str]) -> list[str]:
    """The command's words; an option that this machine has nothing for is left out."""
    words = ((part, Template(part).substitute(values)) for part in command)
    return [word for part, word in words if word or not part.startswith("$")]


def _uses(commands: Iterable[tuple[str, ...]], program: str) -> bool:
    return any(program in command for command in commands)
