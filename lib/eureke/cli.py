"""The `eureke` command: each subcommand calls one function of the package."""

import sys

import typer

from eureke.errors import EurekeError
from eureke.places import keep_inside

app = typer.Typer(
    help="Kafka, Redis and Celery under a million notifications an hour.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

# Imports stand inside the commands: `eureke --help` loads none of what they need.


@app.command()
def setup() -> None:
    """Fetch what the servers need into the checkout: Java, Kafka, Redis."""
    from eureke import programs

    programs.install()


@app.command()
def doctor() -> None:
    """Say what this machine has and lacks, with the remedy of each lack."""
    from eureke import doctor as room

    findings = room.diagnose()
    typer.echo(room.report(findings))
    raise typer.Exit(0 if all(finding.ok is not False for finding in findings) else 1)


def main() -> None:
    """Runs the command; errors with a remedy are shown without a traceback."""
    keep_inside()
    try:
        app()
    except EurekeError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(2)
