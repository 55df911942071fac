"""Waiting for a condition, with a deadline."""

import time
from collections.abc import Callable

import pytest


def wait_until(
    holds: Callable[[], bool], *, within_s: float, what: str = "the condition", look_s: float = 0.05
) -> None:
    """Returns once it holds; fails the test where it does not in time."""
    limit_s = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > limit_s:
            pytest.fail(f"{what} did not come to pass within {within_s:g} s")
        time.sleep(look_s)
