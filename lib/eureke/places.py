"""Where things are kept: everything under one folder, the checkout."""

import os
from collections.abc import MutableMapping
from pathlib import Path
from typing import Final

_FOLDERS: Final = {
    "MPLCONFIGDIR": "matplotlib",
    "IPYTHONDIR": "ipython",
    "JUPYTER_CONFIG_DIR": "jupyter/config",
    "JUPYTER_RUNTIME_DIR": "jupyter/runtime",
}


def home() -> Path:
    """The checkout this package runs from, else the current folder; EUREKE_HOME overrides."""
    given = os.environ.get("EUREKE_HOME")
    if given:
        return Path(given)
    checkout = Path(__file__).resolve().parents[2]
    return checkout if (checkout / "pyproject.toml").exists() else Path.cwd()


def keep_inside(environment: MutableMapping[str, str] = os.environ) -> None:
    """Points the libraries that would write into the account's home at the checkout's cache.

    The home may be missing or not writable, and nothing outside the checkout is to change.
    """
    cache = home() / ".cache"
    for variable, folder in _FOLDERS.items():
        environment.setdefault(variable, str(cache / folder))
