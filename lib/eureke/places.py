"""Where things are kept: everything under one folder, the checkout."""

import os
from pathlib import Path


def home() -> Path:
    """The checkout this package runs from, else the current folder; EUREKE_HOME overrides."""
    given = os.environ.get("EUREKE_HOME")
    if given:
        return Path(given)
    checkout = Path(__file__).resolve().parents[2]
    return checkout if (checkout / "pyproject.toml").exists() else Path.cwd()
