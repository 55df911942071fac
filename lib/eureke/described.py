"""What a run was: scenario, machine, servers and settings, for its `run.json`."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

import msgspec

from eureke.measure.floor import Floor
from eureke.measure.machine import Machine
from eureke.scenario import Scenario
from eureke.settings import Settings
from eureke.stack.stack import Stack

SECRET: Final = frozenset(
    {
        "kafka",
        "kafka_options",
        "redis_queue",
        "redis_cache",
        "provider_url",
        "users_url",
        "api_url",
        "api_tokens",
        "nginx_status_url",
        "prometheus_url",
    }
)
"""Settings that a result does not tell: addresses, and what one signs in with."""


def described(
    scenario: Scenario, stack: Stack, machine: Machine, floors: Sequence[Floor]
) -> dict[str, Any]:
    """All that somebody needs to run it again, and nothing that would let him in."""
    return {
        "scenario": asdict(scenario),
        "machine": asdict(machine),
        "backend": stack.backend,
        "backend_reason": stack.backend_reason,
        "images": stack.images,
        "given": sorted(stack.given),
        "settings": _public(stack.settings),
        "floors": [msgspec.to_builtins(floor) for floor in floors],
        "notes": "one broker, replication 1, no fsync: acks=all costs nothing here",
    }


def _public(settings: Settings) -> dict[str, Any]:
    return {name: value for name, value in asdict(settings).items() if name not in SECRET}
