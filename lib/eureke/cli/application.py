"""The application that all commands belong to, and the options that several of them have."""

import os
from pathlib import Path
from typing import Annotated

import typer

from eureke.errors import BadParameter

app = typer.Typer(
    help="Kafka, Redis and Celery under a million notifications an hour.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

GivenServers = Annotated[
    Path | None,
    typer.Option("--servers", help="a TOML file of servers to use in place of one's own"),
]


ChosenBackend = Annotated[
    str, typer.Option("--backend", help="containers, processes, or auto: what this machine can")
]


def give(servers: Path | None, backend: str = "auto") -> None:
    """Tells all that follows of both: a notebook's kernel inherits the environment."""
    # Imported here: `eureke --help` loads none of what the commands need.
    from eureke.stack.choice import BACKEND_VARIABLE, check
    from eureke.stack.servers import SERVERS_VARIABLE, Servers

    if servers is not None:
        Servers.read(servers)
        os.environ[SERVERS_VARIABLE] = str(servers.resolve())
    if check(backend) != "auto":
        os.environ[BACKEND_VARIABLE] = backend


def put(path: Path, content: bytes) -> None:
    """Writes what was asked for to where it was asked for.

    Raises:
        BadParameter: it cannot be written there.
    """
    try:
        path.write_bytes(content)
    except OSError as error:
        raise BadParameter(
            f"{path} cannot be written: {error.strerror}",
            remedy="name a file in a folder that is there and yours",
        ) from error
