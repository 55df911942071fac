"""Commands about notebooks and the results they leave.

Imports stand inside the commands: `eureke --help` loads none of what they need.
"""

from pathlib import Path
from typing import Annotated

import typer

from eureke.cli.application import ChosenBackend, GivenServers, app, give, put


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

    give(servers, backend)
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
def results(
    csv: Annotated[Path | None, typer.Option(help="write their summaries there as well")] = None,
) -> None:
    """List the results, the oldest first."""
    from eureke.measure.results import list_results
    from eureke.measure.summary import result_line, summaries

    found = list_results()
    if csv is not None:
        put(csv, summaries(found).to_csv(index=False).encode())
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
    put(page, dashboard_page(result).encode())
    typer.echo(f"{page}")
