"""Where the services of a stack are found: from this machine, and from other containers."""

from pathlib import Path

from eureke.stack.catalogue import postgres
from eureke.stack.service import Service
from eureke.stack.state import State


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


def redis_url(state: State, name: str) -> str:
    """Of one of its own servers, with the password."""
    return f"redis://:{state.passwords[name]}@{address(state, name)}/0"


def users_url(state: State, folder: Path) -> str:
    """Of the database of users: a file in the run folder, or a server."""
    if state.backend == "processes":
        return f"sqlite:///{folder / 'users.db'}"
    login = f"{postgres.USER}:{state.passwords['postgres']}"
    return f"postgresql+psycopg://{login}@{address(state, 'postgres')}/{postgres.DATABASE}"
