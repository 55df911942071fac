"""What the processes of one stack are told, on this machine and in containers."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from eureke.scenario import Scenario
from eureke.settings import SCOPES, Settings
from eureke.stack.addresses import (
    address,
    address_inside,
    api_url,
    redis_url,
    status_url,
    users_url,
)
from eureke.stack.composition import services
from eureke.stack.folder import SETTINGS_INSIDE, shared
from eureke.stack.servers import BOOTSTRAP
from eureke.stack.service import port_key
from eureke.stack.state import State


def settings(scenario: Scenario, state: State, folder: Path) -> Settings:
    """What the processes of the stack in that run folder are told."""
    given = state.servers
    options = {name: value for name, value in given.kafka.items() if name != BOOTSTRAP}
    return Settings(
        kafka=given.kafka.get(BOOTSTRAP) or address(state, "kafka"),
        kafka_options=options,
        replication=given.replication,
        prefix=state.prefix,
        redis_queue=given.redis.get("queue") or redis_url(state, "redis-queue"),
        redis_cache=given.redis.get("cache") or redis_url(state, "redis-cache"),
        provider_url=f"http://{address(state, 'provider')}",
        users_url=users_url(state, folder),
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
