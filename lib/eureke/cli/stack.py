"""Commands about this machine, and about a stack that stays up.

Imports stand inside the commands: `eureke --help` loads none of what they need.
"""

from typing import Annotated

import typer

from eureke.cli.application import ChosenBackend, GivenServers, app, give


@app.command()
def setup() -> None:
    """Fetch what the servers need into the checkout: Java, Kafka, Redis, Nginx, Prometheus."""
    from eureke import programs

    programs.install()
    programs.make_archive()


@app.command()
def doctor(servers: GivenServers = None) -> None:
    """Say what this machine, or the given servers, have and lack, with the remedy of each lack."""
    from eureke import doctor as room

    give(servers)
    findings = room.diagnose() if servers is None else room.diagnose_servers()
    typer.echo(room.report(findings))
    raise typer.Exit(0 if all(finding.ok is not False for finding in findings) else 1)


@app.command()
def up(
    servers: GivenServers = None,
    backend: ChosenBackend = "auto",
    monitoring: Annotated[bool, typer.Option(help="have Prometheus watch it")] = False,
) -> None:
    """Start a stack and leave it running, the API included."""
    from eureke.scenario import Scenario
    from eureke.stack.stack import Stack

    give(servers, backend)
    # Whoever looks at it, a chapter first of all, looks at seconds.
    scenario = Scenario(apis=1, monitoring=monitoring, scrape_interval_s=1.0)
    stack = Stack.start(scenario=scenario, say=typer.echo)
    stack.detach()
    typer.echo(f"up: {stack.folder}; `eureke env` shows its addresses, `eureke down` ends it")


@app.command()
def down() -> None:
    """End the newest stack."""
    from eureke.stack.stack import Stack

    stack = Stack.attach()
    stack.down()
    typer.echo(f"down: {stack.folder.name}")


@app.command()
def scale(
    sizes: Annotated[list[str], typer.Argument(help="such as api=4 dispatcher=2 worker=2")],
) -> None:
    """Have more or fewer of something in the newest stack, while it runs."""
    from eureke.stack.scaling import read
    from eureke.stack.stack import Stack

    asked = read(sizes)
    stack = Stack.attach(say=typer.echo)
    for kind, count in asked.items():
        stack.scale(kind, count)


@app.command()
def status() -> None:
    """Show how the services of the newest stack fare."""
    from eureke.stack.display import status_text
    from eureke.stack.stack import Stack

    typer.echo(status_text(Stack.attach()))


@app.command()
def logs(service: str, lines: int = 20) -> None:
    """Show the last lines a service has written."""
    from eureke.stack.stack import Stack

    typer.echo(Stack.attach().logs(service, lines))


@app.command()
def env() -> None:
    """Print addresses and passwords of the newest stack, for a shell."""
    from eureke.stack.display import environment_text
    from eureke.stack.stack import Stack

    typer.echo(environment_text(Stack.attach()))


@app.command()
def replay() -> None:
    """Send the dead letters of the newest stack again, each of them once."""
    from eureke.pipeline.replay import replay as send_again
    from eureke.stack.stack import Stack

    done = send_again(Stack.attach().settings)
    typer.echo(
        f"sent again: {done.sent}; left out, since they are no notifications: {done.malformed}"
    )


@app.command()
def clean() -> None:
    """End and remove what killed stacks have left behind, and nothing else."""
    from eureke.stack.folder import clean as sweep
    from eureke.stack.leftovers import clean_engine

    for line in [*clean_engine(), *sweep()] or ["nothing was left behind"]:
        typer.echo(line)
