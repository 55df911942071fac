"""Commands that measure, and compare what was measured.

Imports stand inside the commands: `eureke --help` loads none of what they need.
"""

from pathlib import Path
from typing import Annotated

import typer

from eureke.cli.application import GivenServers, app, give, put


@app.command()
def bench(
    file: Annotated[Path, typer.Argument(help="a scenario, such as benchmarks/outages.toml")],
    repeat: Annotated[int, typer.Option(min=1, help="how many runs")] = 1,
    sweep: Annotated[
        str, typer.Option(help="name=value,value: each value in turns, and a figure of them")
    ] = "",
    servers: GivenServers = None,
    backend: Annotated[
        list[str] | None,
        typer.Option("--backend", help="containers or processes; given twice, they take turns"),
    ] = None,
) -> None:
    """Run a scenario from a file, without a notebook; several runs give their spread."""
    from eureke.bench import repeated, swept
    from eureke.charts import figure_sweep
    from eureke.errors import BadParameter
    from eureke.measure.results import sets
    from eureke.measure.spread import spread_table
    from eureke.measure.summary import summary_table
    from eureke.scenario import Scenario
    from eureke.stack.choice import check

    give(servers)
    backends = [check(each) for each in backend or ["auto"]]
    scenario = Scenario.read(file)
    name, scenarios = swept(scenario, sweep) if sweep else ("", [scenario])
    if name and len(backends) > 1:
        raise BadParameter("a sweep is of one backend", remedy="give --backend once, or no --sweep")
    done = []
    for result in repeated(scenarios, times=repeat, say=typer.echo, backends=backends):
        typer.echo(f"{result.run_id}\n{summary_table(result.summary)}\n\n{result.folder}")
        done.append(result)
    if repeat > 1:
        for alike in sets(done):
            typer.echo(f"\n{spread_table(alike)}")
    if name:
        figure = done[-1].folder / f"sweep-{name}.svg"
        figure.write_bytes(figure_sweep(done, name).svg())
        typer.echo(f"\nfigure    {figure}")
    if not all(each.summary["accounted"] and each.summary["valid"] for each in done):
        raise typer.Exit(1)


@app.command()
def spread(
    run_ids: Annotated[list[str], typer.Argument(help="results of the same scenario")],
) -> None:
    """Print median and spread of several results as a table in Markdown."""
    from eureke.measure.results import load_result
    from eureke.measure.spread import spread_table

    typer.echo(spread_table([load_result(run_id) for run_id in run_ids]))


@app.command()
def compare(
    first: Annotated[str, typer.Argument(help="A: a run, or several with commas between")],
    second: Annotated[str, typer.Argument(help="B: the same")],
) -> None:
    """Print B by A for each figure, with its interval, as a table in Markdown."""
    from eureke.errors import BadParameter
    from eureke.measure.compare import compare_table
    from eureke.measure.results import load_result

    sides = [[each.strip() for each in side.split(",")] for side in (first, second)]
    if not all(map(all, sides)):
        raise BadParameter(
            f"{first!r} or {second!r} names no run", remedy="write A1,A2,A3 B1,B2,B3"
        )
    typer.echo(compare_table(*([load_result(each) for each in side] for side in sides)))


@app.command()
def reference(
    run_ids: Annotated[list[str], typer.Argument(help="results of the same scenario")],
) -> None:
    """Make several results the reference of their scenario, to be committed."""
    from eureke.measure.reference import write_reference
    from eureke.measure.results import load_result

    typer.echo(f"written: {write_reference([load_result(each) for each in run_ids])}")


@app.command()
def verify(
    run_ids: Annotated[
        list[str] | None, typer.Argument(help="results to judge; new runs are made when left out")
    ] = None,
    against: Annotated[str, typer.Option(help="the reference's scenario")] = "verify",
    most: Annotated[int, typer.Option(min=5, help="runs, while nobody can tell")] = 15,
) -> None:
    """Judge whether the repository's reference result is reproduced on this machine."""
    from eureke.bench import verified
    from eureke.measure.reference import read_reference, reference_path
    from eureke.measure.results import load_result
    from eureke.measure.verify import verdict

    known = read_reference(reference_path(against))
    if run_ids:
        told = verdict(known, [load_result(each) for each in run_ids])
    else:
        told, _ = verified(known, most=most, say=typer.echo)
    typer.echo(f"{told.word}: {told.reason}")
    raise typer.Exit({"REPRODUCED": 0, "NOT REPRODUCED": 1, "CANNOT TELL": 3}[told.word])


@app.command()
def trend(
    scenario: Annotated[str, typer.Argument(help="its name")] = "hourly-million",
    out: Annotated[Path | None, typer.Option(help="where the figure goes (SVG)")] = None,
) -> None:
    """Draw the results of a scenario that are like the newest one, in the order of time."""
    from eureke.charts import figure_trend
    from eureke.measure.results import of_scenario, sets, store

    found = of_scenario(scenario)
    alike = next(each for each in sets(found) if found[-1] in each)
    figure = out or store() / f"trend-{scenario}.svg"
    put(figure, figure_trend(alike).svg())
    others = len(found) - len(alike)
    left = f"; left out: {others} of other size, settings, machine or backend" if others else ""
    typer.echo(f"{len(alike)} runs: {figure}{left}")


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
def ways(
    rounds: Annotated[int, typer.Option(min=1, help="each has every way once")] = 5,
) -> None:
    """Measure other ways to send the same notifications beside the pipeline."""
    from eureke.charts import figure_ways
    from eureke.experiments.ways import SCENARIO, TABLE, compared
    from eureke.experiments.ways import ways as measure
    from eureke.stack.stack import Stack

    with Stack.start(scenario=SCENARIO, backend="processes") as stack:
        result = measure(stack, rounds=rounds, say=typer.echo)
    (result.folder / "ways.svg").write_bytes(figure_ways(result).svg())
    typer.echo(compared(result.table(TABLE)).to_string(float_format="{:,.1f}".format))
    typer.echo(f"\nfigure    {result.folder / 'ways.svg'}")


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
    told = {
        "by what dispatcher, provider and observer needed in the same seconds": table["ratio"],
        "as it is": table["as_it_is"],
    }
    typer.echo(f"{part}: processor time with it, by the time without:")
    for how, ratios in told.items():
        mean, low, high = interval(ratios)
        typer.echo(f"  {how}: {mean:.3f} (95 %: {low:.3f} to {high:.3f})")
