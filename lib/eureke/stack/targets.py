"""Whom Prometheus asks: every service of a stack that tells of itself, by name."""

import json
from pathlib import Path
from typing import Final

from eureke.stack.addresses import address, address_inside
from eureke.stack.composition import services
from eureke.stack.service import Service, port_key
from eureke.stack.state import State

FILE: Final = Path("data", "prometheus", "targets.json")


def blanks(state: State) -> dict[str, str]:
    """What Prometheus' files leave open."""
    return {
        "targets": json.dumps([_target(state, each) for each in _told(state)], indent=1),
        "scrape_interval": f"{round(state.scrape_interval_s * 1000)}ms",
    }


def write_targets(folder: Path, state: State) -> None:
    """Writes the targets of a Prometheus that was started anew; it looks at them every second.

    In place, since a container sees this file and not its name.
    """
    file = folder / FILE
    if file.exists():
        file.write_text(blanks(state)["targets"])


def _told(state: State) -> list[Service]:
    return [each for each in services(state) if each.metrics_port in each.ports]


def _target(state: State, service: Service) -> dict[str, object]:
    job, *_ = service.name.partition("-")
    if state.backend == "containers":
        at = address_inside(service, service.metrics_port)
    else:
        at = address(state, port_key(service, service.metrics_port))
    return {"targets": [at], "labels": {"job": job, "instance": service.name}}
