"""Clients that come back to a server that was away."""

import pytest

from eureke.errors import LoadFailed
from eureke.experiments import retries


def test_every_client_is_taken_once_and_none_while_the_server_is_away() -> None:
    """Whatever the policy."""
    policies = {
        "all at once": lambda _attempt, _chance: 0.1,
        "apart": lambda attempt, chance: float(chance.uniform(0, 0.1 * 2**attempt)),
    }
    table = retries(policies, clients=20, away_s=0.15, per_s=200)
    for policy in policies:
        rows = table[table["policy"] == policy]
        assert rows["taken"].sum() == 20
        assert (rows.loc[rows["taken"], "t_s"] >= 0.15).all()
        assert (rows["t_s"] < 0.15).sum() >= 20


def test_a_policy_that_fails_is_an_error_with_its_reason() -> None:
    """Said in the notebook's thread."""
    with pytest.raises(LoadFailed, match="ZeroDivisionError"):
        retries({"broken": lambda attempt, _chance: 1 / 0}, clients=2, away_s=0.1)
