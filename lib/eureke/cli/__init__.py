"""The `eureke` command: each subcommand calls one function of the package."""

import sys

import typer

from eureke.cli import bench, notebooks, stack
from eureke.cli.application import app
from eureke.errors import EurekeError
from eureke.places import keep_inside

__all__ = ["app", "bench", "main", "notebooks", "stack"]


def main() -> None:
    """Runs the command; errors with a remedy are shown without a traceback."""
    keep_inside()
    try:
        app()
    except EurekeError as error:
        typer.echo(f"error: {error}", err=True)
        for note in getattr(error, "__notes__", ()):
            typer.echo(f"  {note}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
