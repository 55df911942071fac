"""What became of calls on an API."""

from typing import Final

import pandas as pd

UNANSWERED: Final = 0
"""The status of a call that had no answer."""
WRONG: Final = 400
"""From here on a status says that something was wrong, on either side."""


def bad(table: pd.DataFrame) -> "pd.Series[bool]":
    """Of each call, by its status, whether it had no good answer in the end."""
    return (table["status"] == UNANSWERED) | (table["status"] >= WRONG)
