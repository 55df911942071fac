"""What one stack consists of: its services, ports and passwords, by the scenario it is for."""

import base64
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from eureke.errors import BadParameter, ServiceFailed
from eureke.scenario import Scenario
from eureke.settings import LANES, Settings
from eureke.stack import catalogue
from eureke.stack.ports import check_free, free_ports
from eureke.stack.servers import BOOTSTRAP, Servers
from eureke.stack.service import Service


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
    prefix: str = "eureke"
    servers: Servers = field(default_factory=Servers)
    """Those that were given, with their passwords."""

    @property
    def made_up(self) -> bool:
        """Whether the prefix is of this stack alone, so that all that has it may be removed."""
        return bool(self.servers.names) and not self.servers.prefix

    def write(self, folder: Path) -> None:
        """Writes the state into the run folder."""
        path = folder / "stack.json"
        path.touch(mode=0o600)
        path.write_bytes(msgspec.json.encode(self))


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


def new_state(
    scenario: Scenario,
    *,
    ports: Mapping[str, int],
    application: bool,
    servers: Servers | None = None,
) -> State:
    """A state with free ports, but for those that were asked for, and new passwords.

    Raises:
        BadParameter: a port that was asked for cannot be had.
    """
    names = _port_names()
    for name, port in ports.items():
        if name not in names:
            raise BadParameter(
                f"{name!r} has no port to choose", remedy=f"one of: {', '.join(names)}"
            )
        check_free(port, service=name)
    if len(set(ports.values())) < len(ports):
        raise BadParameter(
            f"two services cannot share a port: {dict(ports)}", remedy="name each port once"
        )
    given = servers or Servers()
    own = f"eureke-{secrets.token_hex(4)}" if given.names else "eureke"
    return State(
        token=_secret(),
        cluster_id=base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("="),
        ports=dict(zip(names, free_ports(len(names)), strict=True)) | dict(ports),
        passwords={each.name: _secret() for each in catalogue.REDIS},
        dispatchers=scenario.dispatchers,
        workers=scenario.workers,
        application=application,
        prefix=given.prefix or own,
        servers=given,
    )


def services(state: State) -> list[Service]:
    """The services of a stack."""
    found = [each for each in catalogue.INFRASTRUCTURE if each.name not in state.servers.names]
    if state.application:
        found += catalogue.EQUIPMENT
        for lane in LANES:
            # The urgent lane carries little: what is scaled is the bulk one.
            dispatchers, workers = (state.dispatchers, state.workers) if lane == "bulk" else (1, 1)
            found += [catalogue.dispatcher(lane, number + 1) for number in range(dispatchers)]
            found += [catalogue.worker(lane, number + 1) for number in range(workers)]
    return found


def settings(scenario: Scenario, state: State, folder: Path) -> Settings:
    """What the processes of the stack in that run folder are told."""
    given = state.servers
    options = {name: value for name, value in given.kafka.items() if name != BOOTSTRAP}
    return Settings(
        kafka=given.kafka.get(BOOTSTRAP) or address(state, "kafka"),
        kafka_options=options,
        replication=given.replication,
        prefix=state.prefix,
        redis_queue=given.redis.get("queue") or _redis_url(state, "redis-queue"),
        redis_cache=given.redis.get("cache") or _redis_url(state, "redis-cache"),
        provider_url=f"http://{address(state, 'provider')}",
        users_url=f"sqlite:///{folder / 'users.db'}",
        partitions=scenario.partitions,
        provider_items_per_request=scenario.provider_items_per_request,
        deadline_s=scenario.deadline_s,
        retry_horizon_s=scenario.retry_horizon_s,
    )


def address(state: State, name: str) -> str:
    """Where a service listens."""
    return f"127.0.0.1:{state.ports[name]}"


def _redis_url(state: State, name: str) -> str:
    return f"redis://:{state.passwords[name]}@{address(state, name)}/0"


def _port_names() -> list[str]:
    return [
        f"{service.name}.{port}" if port else service.name
        for service in (*catalogue.INFRASTRUCTURE, *catalogue.EQUIPMENT)
        for port in service.ports
    ]


def _secret() -> str:
    return secrets.token_urlsafe(24)
