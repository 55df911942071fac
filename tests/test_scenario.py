"""What a run is, and what it cannot be."""

from pathlib import Path

import pytest

from eureke.errors import BadParameter
from eureke.scenario import Scenario

ROOT = Path(__file__).parents[1]


def test_the_headline_scenario_is_a_file_that_can_be_read() -> None:
    """A million, with a provider that is neither instant nor infallible."""
    scenario = Scenario.read(ROOT / "benchmarks" / "hourly-million.toml")
    assert scenario.count == 1_000_000
    assert scenario.latency_median_ms > 0
    assert scenario.item_failure_share > 0


def test_a_mistyped_name_is_an_error_that_offers_the_nearest() -> None:
    """papermill alone would warn and run with the default."""
    with pytest.raises(BadParameter, match="rtae_per_s") as caught:
        Scenario.of({"rtae_per_s": 3})
    assert "rate_per_s" in caught.value.remedy


@pytest.mark.parametrize(
    "values",
    [
        {"count": -1},
        {"count": 0},
        {"rate_per_s": 0},
        {"arrivals": "sometimes"},
        {"duplicate_share": 1.5},
        {"provider_items_per_request": 0},
        {"count": "many"},
        {"open_loop_s": -1.0},
        {"outages_s": [10.0, -1.0]},
        {"retry_horizon_s": 4.0},
        {"deadline_s": 0.0},
        {"latency_median_ms": float("nan")},
        {"rate_per_s": float("inf")},
    ],
)
def test_an_impossible_value_is_one_sentence_with_a_remedy(values: dict[str, object]) -> None:
    """It names the parameter."""
    with pytest.raises(BadParameter) as caught:
        Scenario.of(values)
    assert next(iter(values)) in str(caught.value)
    assert caught.value.remedy


def test_a_scenario_file_that_cannot_be_read_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    """Missing, or no TOML."""
    broken = tmp_path / "broken.toml"
    broken.write_text("count = ")
    for path in (broken, tmp_path / "missing.toml"):
        with pytest.raises(BadParameter, match="cannot be read"):
            Scenario.read(path)
