"""The `eureke` command: each subcommand calls one function of the package."""

import os
import sys
from pathlib import Path
from typing import Annotated

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

GivenServers = Annotated[
    Path | None,
    typer.Option("--servers", help="a TOML file of servers to use in place of one's own"),
]


ChosenBackend = Annotated[
    str, typer.Option("--backend", help="containers, processes, or auto: what this machine can")
]


def _give(servers: Path | None, backend: str = "auto") -> None:
    """Tells all that follows of both: a notebook's kernel inherits the environment."""
    from eureke.stack.choice import BACKEND_VARIABLE, check
    from eureke.stack.servers import SERVERS_VARIABLE, Servers

    if servers is not None:
        Servers.read(servers)
        os.environ[SERVERS_VARIABLE] = str(servers.resolve())
    if check(backend) != "auto":
        os.environ[BACKEND_VARIABLE] = backend


# Imports stand inside the commands: `eureke --help` loads none of what they need.


@app.command()
def setup() -> None:
    """Fetch what the servers need into the checkout: Java, Kafka, Redis, Nginx, Prometheus."""
    from eureke import programs

    programs.install()


@app.command()
def doctor(servers: GivenServers = None) -> None:
    """Say what this machine, or the given servers, have and lack, with the remedy of each lack."""
    from eureke import doctor as room

    _give(servers)
    findings = room.diagnose() if servers is None else room.diagnose_servers()
    typer.echo(room.report(findings))
    raise typer.Exit(0 if all(finding.ok is not False for finding in findings) else 1)


@app.command()
def run(
    notebook: Annotated[str, typer.Argument(help="its name, such as 07-hourly-million")],
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", help="name=value, may be repeated")
    ] = None,
    profile: Annotated[str, typer.Option(help="smoke, standard or full")] = "smoke",
    servers: GivenServers = None,
    backend: ChosenBackend = "auto",
) -> None:
    """Run a notebook; its executed copy and report land beside its result."""
    from eureke.measure.summary import summary_table
    from eureke.notebooks import execute
    from eureke.notebooks.parameters import read_options

    _give(servers, backend)
    done = execute(notebook, profile=profile, parameters=read_options(parameter or []))
    if done.result is not None:
        typer.echo(summary_table(done.result.summary))
    typer.echo(f"\nreport    {done.html}\nnotebook  {done.notebook}")
    if (
        done.result is not None
        and profile != "smoke"
        and not done.result.summary.get("valid", True)
    ):
        typer.echo(
            "error: the numbers may not be believed (see `valid` above)\n"
            "  remedy: run again with nothing else on the machine, or with a lower rate",
            err=True,
        )
        raise typer.Exit(1)


@app.command()
def doors(
    rounds: Annotated[int, typer.Option(min=1, help="each has every door once")] = 5,
) -> None:
    """Measure the API's doors beside the framework's bare hello."""
    from eureke.experiments.doors import NEEDED, told
    from eureke.experiments.doors import doors as measure
    from eureke.scenario import Scenario
    from eureke.stack.stack import Stack

    scenario = Scenario(apis=1)
    with Stack.start(scenario=scenario, only=NEEDED, backend="processes") as stack:
        table = measure(stack, rounds=rounds, say=typer.echo)
    typer.echo(told(table).to_string())


@app.command()
def toll(
    part: Annotated[str, typer.Argument(help="nginx or monitoring")],
    pairs: Annotated[int, typer.Option(min=2, help="with it and without, in turn")] = 7,
    count: Annotated[int, typer.Option(min=1000, help="notifications of each")] = 200_000,
) -> None:
    """Measure what a part of the system costs in processor time."""
    from eureke.scenario import check_names
    from eureke.tolls import PARTS, interval
    from eureke.tolls import toll as measure

    check_names([part], allowed=PARTS)
    table = measure(part, pairs=pairs, count=count, say=typer.echo)
    mean, low, high = interval(table["ratio"])
    typer.echo(f"{part}: {mean:.3f} times the time without (95 %: {low:.3f} to {high:.3f})")


@app.command()
def read(
    notebook: Annotated[str, typer.Argument()] = "07-hourly-million",
    result: Annotated[str, typer.Option(help="run id; the newest of it when left out")] = "",
) -> None:
    """Write the copy of a notebook that people read, from a result."""
    from eureke.measure.results import load_result
    from eureke.notebooks import newest, write_page

    found = load_result(result) if result else newest(notebook)
    typer.echo(f"written: {write_page(notebook, found)}")


@app.command()
def results() -> None:
    """List the results, the oldest first."""
    from eureke.measure.results import list_results
    from eureke.measure.summary import result_line

    found = list_results()
    for each in found:
        typer.echo(result_line(each))
    if not found:
        typer.echo("no results yet: make one with `make run`")


@app.command()
def show(
    run_id: Annotated[str, typer.Argument(help="the newest when left out")] = "",
) -> None:
    """Show the summary of a result."""
    from eureke.measure.results import load_result
    from eureke.measure.summary import summary_table

    result = load_result(run_id)
    typer.echo(f"{result.run_id}\n{summary_table(result.summary)}\n\n{result.folder}")


@app.command()
def dashboard(
    run_id: Annotated[str, typer.Argument(help="a run; the newest one when left out")] = "",
    out: Annotated[Path | None, typer.Option(help="where the page goes")] = None,
) -> None:
    """Write what Prometheus saw of a run as one page: the panels of the Grafana dashboards."""
    from eureke.charts.dashboard import dashboard_page
    from eureke.measure.results import load_result

    result = load_result(run_id)
    page = out or result.folder / "dashboard.html"
    page.write_text(dashboard_page(result))
    typer.echo(f"{page}")


@app.command()
def spread(
    run_ids: Annotated[list[str], typer.Argument(help="results of the same scenario")],
) -> None:
    """Print median and spread of several results as a table in Markdown."""
    from eureke.measure.results import load_result
    from eureke.measure.spread import spread_table

    typer.echo(spread_table([load_result(run_id) for run_id in run_ids]))


@app.command()
def bench(
    file: Annotated[Path, typer.Argument(help="a scenario, such as benchmarks/outages.toml")],
    repeat: Annotated[int, typer.Option(min=1, help="how many runs")] = 1,
    servers: GivenServers = None,
    backend: Annotated[
        list[str] | None,
        typer.Option("--backend", help="containers or processes; given twice, they take turns"),
    ] = None,
) -> None:
    """Run a scenario from a file, without a notebook; several runs give their spread."""
    from eureke.bench import repeated
    from eureke.measure.spread import spread_table
    from eureke.measure.summary import summary_table
    from eureke.scenario import Scenario
    from eureke.stack.choice import check

    _give(servers)
    backends = [check(each) for each in backend or ["auto"]]
    scenario = Scenario.read(file)
    done = []
    for result in repeated(scenario, times=repeat, say=typer.echo, backends=backends):
        typer.echo(f"{result.run_id}\n{summary_table(result.summary)}\n\n{result.folder}")
        done.append(result)
    if repeat > 1:
        for number in range(len(backends)):
            typer.echo(f"\n{spread_table(done[number :: len(backends)])}")
    if not all(each.summary["accounted"] and each.summary["valid"] for each in done):
        raise typer.Exit(1)


@app.command()
def up(
    servers: GivenServers = None,
    backend: ChosenBackend = "auto",
    monitoring: Annotated[bool, typer.Option(help="have Prometheus watch it")] = False,
) -> None:
    """Start a stack and leave it running, the API included."""
    from eureke.scenario import Scenario
    from eureke.stack.stack import Stack

    _give(servers, backend)
    stack = Stack.start(scenario=Scenario(apis=1, monitoring=monitoring), say=typer.echo)
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
