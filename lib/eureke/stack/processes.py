"""Where services run without containers: as processes of this machine, on loopback."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template

from eureke import programs
from eureke.errors import ServiceFailed
from eureke.settings import READY_VARIABLE, SETTINGS_VARIABLE
from eureke.stack.service import Service


@dataclass(frozen=True, slots=True)
class Rendered:
    """A service with all its blanks filled in."""

    command: list[str]
    first: list[list[str]]
    environment: dict[str, str]
    folder: Path


def render(
    service: Service,
    *,
    run: Path,
    ports: Mapping[str, int],
    passwords: Mapping[str, str],
    cluster_id: str,
) -> Rendered:
    """Writes the service's files into its data folder and fills in its command."""
    folder = run / "data" / service.name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    values = _values(service, run=run, folder=folder, ports=ports, cluster_id=cluster_id)
    values["password"] = passwords.get(service.name, "")
    for name, template in service.files.items():
        file = folder / name
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(Template(template).substitute(values))
    return Rendered(
        command=_filled(service.command, values),
        first=[_filled(each, values) for each in service.first],
        environment=_environment(service, run, values),
        folder=folder,
    )


def run_first(rendered: Rendered, service: Service) -> None:
    """Runs the commands that come before the service.

    Raises:
        ServiceFailed: one of them failed.
    """
    for command in rendered.first:
        done = subprocess.run(
            command, env=rendered.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise ServiceFailed(
                f"{service.name} could not be prepared: {(done.stderr or done.stdout)[-2000:]}",
                remedy="see `eureke doctor` for what this machine lacks",
            )


def _values(
    service: Service, *, run: Path, folder: Path, ports: Mapping[str, int], cluster_id: str
) -> dict[str, str]:
    values = {
        "run": str(run),
        "folder": str(folder),
        "python": sys.executable,
        "cluster_id": cluster_id,
    }
    for port in service.ports:
        key = f"{service.name}.{port}" if port else service.name
        values[f"port_{port}" if port else "port"] = str(ports[key])
    wanted = " ".join([*service.command, *(part for each in service.first for part in each)])
    if "$java" in wanted:
        values |= {"java": str(programs.java()), "classpath": programs.kafka_classpath()}
    if "$redis_server" in wanted:
        values["redis_server"] = str(programs.redis_server().path)
    return values


def _environment(service: Service, run: Path, values: Mapping[str, str]) -> dict[str, str]:
    environment = dict(os.environ)
    environment |= {
        SETTINGS_VARIABLE: str(run / "settings.json"),
        READY_VARIABLE: str(run / "ready" / service.name),
        "PYTHONUNBUFFERED": "1",
    }
    if "redis_server" in values:
        environment |= programs.redis_server().environment
    filled = {key: Template(value).substitute(values) for key, value in service.environment.items()}
    return environment | filled


def _filled(parts: tuple[str, ...], values: Mapping[str, str]) -> list[str]:
    return [Template(part).substitute(values) for part in parts]
