"""A replica that is slower than the other: who gets how many calls, and what that does to them."""

from typing import Final

import pandas as pd

from eureke.experiments.calls import calls, slow
from eureke.stack.catalogue.nginx import METHODS
from eureke.stack.stack import Stack

SLOW: Final = "api-2"


def balancing(stack: Stack, *, seconds: float, rate_per_s: float) -> pd.DataFrame:
    """Calls on two replicas of which the second stands still four fifths of the time.

    Args:
        stack: with an API behind Nginx.
        seconds: of each way to choose.
        rate_per_s: offered load.

    Returns:
        A row for each call, as `calls` gives it, and policy: how Nginx chose.
    """
    stack.scale("api", 2)
    tables = []
    for policy in METHODS:
        stack.balance(policy)
        with slow(stack, SLOW):
            made, _ = calls(stack, seconds=seconds, rate_per_s=rate_per_s)
        tables.append(made.assign(policy=policy))
    stack.balance(next(iter(METHODS)))
    return pd.concat(tables, ignore_index=True)
