"""The Universal Scalability Law finds the parameters of what it made itself."""

from math import inf

import pytest

from eureke.errors import BadParameter
from eureke.theory import Scalability, fitted, spread

SIZES = [1, 2, 4, 8, 16]


@pytest.mark.parametrize(
    ("contention", "coherency"), [(0.0, 0.0), (0.2, 0.0), (0.0, 0.01), (0.1, 0.02), (1.0, 0.0)]
)
def test_a_law_is_found_again(contention: float, coherency: float) -> None:
    """From throughputs without noise, whichever of its terms there are."""
    law = Scalability(one_per_s=250.0, contention=contention, coherency=coherency)
    found = fitted(SIZES, [law.per_s(each) for each in SIZES])
    assert found.one_per_s == pytest.approx(250.0, rel=1e-6)
    assert found.contention == pytest.approx(contention, abs=1e-6)
    assert found.coherency == pytest.approx(coherency, abs=1e-6)


def test_more_than_linear_is_no_negative_contention() -> None:
    """Warm caches and noise do that; a negative share of waiting means nothing."""
    found = fitted([1, 2, 4], [100, 220, 480])
    assert found.contention == found.coherency == 0
    assert found.per_s(4) == pytest.approx(4 * found.one_per_s)


def test_the_most_that_is_worth_it() -> None:
    """There throughput is at its height; without coherency it never falls."""
    law = Scalability(one_per_s=1.0, contention=0.1, coherency=0.01)
    assert law.per_s(law.most) > max(law.per_s(law.most - 1), law.per_s(law.most + 1))
    assert Scalability(one_per_s=1.0, contention=0.1, coherency=0.0).most == inf


def test_an_interval_holds_its_value_and_narrows_with_less_noise() -> None:
    """Of three measurements of each size."""
    counts = [1, 1, 1, 2, 2, 2, 4, 4, 4]
    noisy = spread(counts, [90, 100, 110, 170, 180, 190, 250, 300, 350])
    calm = spread(counts, [99, 100, 101, 179, 180, 181, 299, 300, 301])
    for table in (noisy, calm):
        assert (table["low"] <= table["value"]).all()
        assert (table["value"] <= table["high"]).all()
    width = noisy["high"] - noisy["low"], calm["high"] - calm["low"]
    assert (width[0] > width[1]).all()


@pytest.mark.parametrize(
    ("counts", "per_s"), [([1, 1], [5.0, 6.0]), ([], []), ([1, 2], [5.0, 0.0]), ([1, 2], [5.0])]
)
def test_too_little_to_fit_is_said(counts: list[int], per_s: list[float]) -> None:
    """One size says nothing of another."""
    with pytest.raises(BadParameter, match="no law can be fitted"):
        fitted(counts, per_s)
