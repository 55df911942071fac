"""What one stack consists of: its services, by the scenario it is for, and as it is scaled."""

import base64
import secrets
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from eureke import programs
from eureke.errors import BadParameter
from eureke.scenario import Scenario
from eureke.settings import API_HOSTS, LANES, SCOPES
from eureke.stack import catalogue
from eureke.stack.addresses import address, address_inside
from eureke.stack.certificate import certificate as new_certificate
from eureke.stack.choice import Choice
from eureke.stack.ports import check_free, free_ports
from eureke.stack.servers import Servers
from eureke.stack.service import Service, port_key
from eureke.stack.state import State

PASSWORDS: Final = ("redis-queue", "redis-cache", "postgres", "grafana")


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
