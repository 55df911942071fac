"""What one stack consists of: its services, ports and passwords, by the scenario it is for."""

import base64
import secrets
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import msgspec

from eureke import programs
from eureke.errors import BadParameter, ServiceFailed
from eureke.scenario import Scenario
from eureke.settings import API_HOSTS, LANES, SCOPES, Settings
from eureke.stack import catalogue
from eureke.stack.catalogue import postgres
from eureke.stack.certificate import certificate as new_certificate
from eureke.stack.choice import Choice
from eureke.stack.folder import SETTINGS_INSIDE, shared
from eureke.stack.ports import check_free, free_ports
from eureke.stack.servers import BOOTSTRAP, Servers
from eureke.stack.service import Service, port_key

PASSWORDS: Final = ("redis-queue", "redis-cache", "postgres", "grafana")


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


def new_state(
    scenario: Scenario,
    *,
    ports: Mapping[str, int],
    application: bool,
    servers: Servers | None = None,
    choice: Choice | None = None,
    tls: bool = False,
) -> State:
    """A state with free ports, but for those that were asked for, and new passwords.

    Raises:
        BadParameter: a port that was asked for cannot be had, or TLS where there is no Nginx.
    """
    if tls and not scenario.balanced:
        raise BadParameter(
            "it is Nginx that speaks TLS, and there is none",
            remedy="give the scenario two replicas of the API or more: `apis=2`",
        )
    certificate = new_certificate() if tls else {}
    given = servers or Servers()
    chosen = choice or Choice(backend="processes", reason="")
    names = _port_names(scenario, certificate, grafana=chosen.grafana)
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
    balanced = application and scenario.balanced
    own = f"eureke-{secrets.token_hex(4)}" if given.names else "eureke"
    return State(
        token=_secret(),
        cluster_id=base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("="),
        ports=dict(zip(names, free_ports(len(names)), strict=True)) | dict(ports),
        passwords={name: _secret() for name in (*PASSWORDS, *(f"api-{scope}" for scope in SCOPES))},
        dispatchers=scenario.dispatchers,
        workers=scenario.workers,
        application=application,
        apis=scenario.replicas,
        scrape_interval_s=scenario.scrape_interval_s if chosen.monitoring else 0.0,
        compiler_level=catalogue.compiler_level(scenario.open_loop_s),
        grafana=chosen.grafana,
        balancer=scenario.balancer,
        balanced=balanced,
        certificate=certificate,
        nginx_counts=not balanced or _counts(chosen.backend),
        prefix=given.prefix or own,
        servers=given,
        backend=chosen.backend,
        backend_reason=chosen.reason,
        images=chosen.images,
        stand_ins=chosen.stand_ins,
    )


def services(state: State) -> list[Service]:
    """The services of a stack."""
    found = [each for each in catalogue.INFRASTRUCTURE if each.name not in state.servers.names]
    if state.backend == "containers":
        found += catalogue.CONTAINERS_ONLY
    if state.application:
        found += catalogue.EQUIPMENT
        found += catalogue.MONITORING if state.scrape_interval_s else ()
        found += [_grafana(state)] if state.grafana else []
        found += _api(state)
        found += _members(dispatchers=state.dispatchers, workers=state.workers)
    return found


def _members(*, dispatchers: int, workers: int) -> list[Service]:
    """Each lane's dispatchers and workers."""
    found = []
    for lane in LANES:
        # The urgent lane carries little: what is scaled is the bulk one.
        members, takers = (dispatchers, workers) if lane == "bulk" else (1, 1)
        found += [catalogue.dispatcher(lane, number + 1) for number in range(members)]
        found += [catalogue.worker(lane, number + 1) for number in range(takers)]
    return found


def _api(state: State) -> list[Service]:
    """The replicas of the API, and what is before them."""
    found = [catalogue.api(number + 1) for number in range(state.apis)]
    return [*found, nginx(state, found)] if state.balanced else found


def _grafana(state: State) -> Service:
    if state.backend == "containers":
        return catalogue.grafana()
    return catalogue.grafana(f"http://{address(state, 'prometheus')}", folder="$folder")


def upstream(state: State, replicas: Iterable[Service]) -> dict[str, str]:
    """Where Nginx finds these replicas of the API, by their names."""
    contained = state.backend == "containers"
    return {
        each.name: address_inside(each) if contained else address(state, each.name)
        for each in replicas
    }


def nginx(state: State, replicas: Iterable[Service]) -> Service:
    """The Nginx that chooses among these replicas of the API."""
    hosts = (*API_HOSTS, *(("nginx",) if state.backend == "containers" else ()))
    addresses = upstream(state, replicas)
    return catalogue.nginx(
        addresses,
        method=state.balancer,
        hosts=hosts,
        counts=state.nginx_counts,
        certificate=state.certificate,
    )


def scaled(state: State, **sizes: int) -> State:
    """The state with other sizes; what comes gets free ports, what goes gives its own back."""
    sized = replace(state, **sizes)  # type: ignore[arg-type]  # fields that are numbers
    if sized.apis > 1 and sized.balancer != "none" and not state.balanced:
        sized = replace(sized, balanced=True, nginx_counts=_counts(state.backend))
    before, after = (
        {port_key(service, port) for service in services(each) for port in service.ports}
        for each in (state, sized)
    )
    kept = {name: port for name, port in state.ports.items() if name not in before - after}
    new = sorted(after - kept.keys())
    return replace(sized, ports=kept | dict(zip(new, free_ports(len(new)), strict=True)))


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
        users_url=_users_url(state, folder),
        api_url=api_url(state),
        nginx_status_url=status_url(state),
        prometheus_url=f"http://{address(state, 'prometheus')}" if state.scrape_interval_s else "",
        api_tokens={each: state.passwords[f"api-{each}"] for each in SCOPES},
        partitions=scenario.partitions,
        worker_threads=scenario.worker_threads,
        batch_max=scenario.batch_max,
        batch_direct=scenario.batch_direct,
        gather_ms=scenario.gather_ms,
        provider_items_per_request=scenario.provider_items_per_request,
        deadline_s=scenario.deadline_s,
        retry_horizon_s=scenario.retry_horizon_s,
    )


def write_settings(settings: Settings, state: State, folder: Path) -> None:
    """Writes the settings for the processes of this machine, and those for containers."""
    settings.write(folder / "settings.json")
    if state.backend == "containers":
        inside = shared(folder) / SETTINGS_INSIDE
        _seen_from_inside(settings, state).write(inside)
        inside.chmod(0o644)  # for a container's user; others do not get past the run folder


def _seen_from_inside(settings: Settings, state: State) -> Settings:
    """The same settings with the addresses by which containers find each other."""
    moved = {
        address(state, port_key(each, port)): address_inside(each, port)
        for each in services(state)
        if each.container is not None
        for port in each.container.ports
    }
    names = ("nginx", *(f"api-{number + 1}" for number in range(state.apis)))
    found: dict[str, Any] = {"api_hosts": (*settings.api_hosts, *names)}
    servers = ("kafka", "redis_queue", "redis_cache", "provider_url", "users_url", "api_url")
    for name in (*servers, "nginx_status_url"):
        value = getattr(settings, name)
        for outside, there in moved.items():
            value = value.replace(outside, there)
        found[name] = value
    return replace(settings, **found)


def address(state: State, name: str) -> str:
    """Where a service listens; port 0 where it has none yet."""
    return f"127.0.0.1:{state.ports.get(name, 0)}"


def address_inside(service: Service, port: str = "") -> str:
    """Where other containers find it; port 0 where it is none."""
    if service.container is None:
        return f"{service.name}:0"
    number = service.container.ports[port] if port else service.container.peer_port
    return f"{service.name}:{number}"


def api_url(state: State) -> str:
    """Where applications come in; empty where they cannot."""
    if not state.apis:
        return ""
    return f"http://{address(state, 'nginx' if state.balanced else 'api-1')}"


def status_url(state: State) -> str:
    """Of Nginx' own counts; empty where there are none."""
    there = state.balanced and state.nginx_counts
    return f"http://{address(state, 'nginx.status')}/status" if there else ""


def _redis_url(state: State, name: str) -> str:
    return f"redis://:{state.passwords[name]}@{address(state, name)}/0"


def _users_url(state: State, folder: Path) -> str:
    if state.backend == "processes":
        return f"sqlite:///{folder / 'users.db'}"
    login = f"{postgres.USER}:{state.passwords['postgres']}"
    return f"postgresql+psycopg://{login}@{address(state, 'postgres')}/{postgres.DATABASE}"


def _counts(backend: str) -> bool:
    """Whether the Nginx that is had there has `stub_status`."""
    return backend == "containers" or programs.nginx_counts()


def _port_names(scenario: Scenario, certificate: Mapping[str, str], *, grafana: bool) -> list[str]:
    every = [*catalogue.INFRASTRUCTURE, *catalogue.EQUIPMENT, *catalogue.CONTAINERS_ONLY]
    every += (*catalogue.MONITORING, *((catalogue.grafana(),) if grafana else ()))
    every += [catalogue.api(number + 1) for number in range(scenario.replicas)]
    if scenario.balanced:
        every.append(catalogue.nginx({}, hosts=(), certificate=certificate))
    every += _members(dispatchers=scenario.dispatchers, workers=scenario.workers)
    return [port_key(service, port) for service in every for port in service.ports]


def _secret() -> str:
    return secrets.token_urlsafe(24)
