"""Runs that differ in one value, and runs of one scenario in the order of time."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.charts.test_page import fit, texts, words
from tests.made_up import made_up, times_s

from eureke.charts import Chart, figure_sweep, figure_trend
from eureke.measure.results import Result
from eureke.scenario import Scenario


def sweep(root: Path, rounds: int, **per_s: float) -> list[Result]:
    """Runs of each value of `entrance` in turns, a few percent apart."""
    found = []
    for number in range(rounds):
        for seed, (value, rate_per_s) in enumerate(per_s.items()):
            times = times_s(rounds, seed=seed)[number] / 10
            scenario = Scenario(name="made-up", count=500_000, entrance=value)
            found.append(made_up(root, scenario=scenario, throughput_per_s=rate_per_s * times))
    return found


def sizes(root: Path, *values: int) -> list[Result]:
    """One run of each, the smaller the slower."""
    return [
        made_up(
            root,
            scenario=Scenario(name="made-up", count=500_000, batch_max=value),
            throughput_per_s=25.0 * value,
            system_cpu_s=500.0 / value,
        )
        for value in values
    ]


def test_the_fastest_is_told_beside_the_slowest(tmp_path: Path) -> None:
    """With the names and values that the scenario has for them."""
    chart = figure_sweep(sweep(tmp_path, 5, kafka=60_000, api=30_000), "entrance")
    assert chart.sentence.startswith("With entrance = kafka it is ")
    assert chart.sentence.endswith("times as fast as with api")
    assert "5 runs of each" in words(chart)


def test_what_cannot_be_told_apart_is_not(tmp_path: Path) -> None:
    """Two percent between values, five between runs."""
    chart = figure_sweep(sweep(tmp_path, 5, kafka=50_000, api=49_000), "entrance")
    assert "cannot be told" in chart.sentence


def test_values_stand_in_the_order_they_were_given_in(tmp_path: Path) -> None:
    """Every other round goes back from the last one."""
    there = sizes(tmp_path, 1, 50, 2000)
    chart = figure_sweep([*there, *reversed(sizes(tmp_path, 1, 50, 2000))], "batch_max")
    told = {each.get_text(): each.get_position()[1] for each in texts(chart)}
    assert told["1"] < told["50"] < told["2000"], "from above, where the first is"
    assert "With batch_max = 2000 it is 2000.0 times as fast as with 1" in chart.sentence


def trend(root: Path, count: int, **last: Any) -> list[Result]:
    """Runs of one scenario, the last one other than those before."""
    before = [made_up(root, floor_ratio=each) for each in times_s(count - 1, seed=3)]
    return [*before, made_up(root, throughput_per_s=30_000.0, **last)]


def test_the_trend_tells_the_last_run_beside_all_of_them(tmp_path: Path) -> None:
    """A slump at the end is in the sentence."""
    chart = figure_trend(trend(tmp_path, 9))
    assert "9 runs, median 50 k/s, the last 30 k/s, 8.0 times Kafka's floor" in chart.sentence
    assert "0123456" in words(chart)


def test_a_run_without_a_floor_has_no_place_in_its_line(tmp_path: Path) -> None:
    """It is no zero, and one alone is drawn as well."""
    results = [made_up(tmp_path, floor_ratio=None)]
    assert "floor" not in figure_trend(results).sentence
    assert figure_trend([*trend(tmp_path, 3), *results]).svg()


@pytest.mark.parametrize("what", ["valid", "accounted"])
def test_runs_not_to_be_believed_are_red_and_it_says_what_that_means(
    what: str, tmp_path: Path
) -> None:
    """On both figures, and nowhere where there are none."""
    bad = trend(tmp_path, 3, **{what: False})
    good = trend(tmp_path, 3)
    for draw in DRAWN.values():
        assert "red: not to be believed" in words(draw(bad))
        assert "#b3261e" in draw(bad).svg().decode()
        assert "red" not in words(draw(good)).split()
        assert "#b3261e" not in draw(good).svg().decode()


DRAWN: dict[str, Callable[[list[Result]], Chart]] = {
    "sweep": lambda results: figure_sweep(results, "batch_max"),
    "trend": figure_trend,
}


@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)
@pytest.mark.parametrize("count", [1, 2, 7, 40])
def test_no_words_leave_the_figure_or_cover_each_other(
    draw: Callable[[list[Result]], Chart], count: int, tmp_path: Path
) -> None:
    """With one run or many, and with one value or several."""
    values = [1, 50, 500, 2000][: min(count, 4)]
    results = [each for _ in range(-(-count // 4)) for each in sizes(tmp_path, *values)]
    fit(draw(results))


@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)
def test_the_same_results_give_the_same_picture(
    draw: Callable[[list[Result]], Chart], tmp_path: Path
) -> None:
    """Byte for byte."""
    results = sizes(tmp_path, 1, 50)
    assert draw(results).svg() == draw([Result(each.folder) for each in results]).svg()
