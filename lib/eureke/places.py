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


def checkout() -> Path | None:
    """The checkout this package runs from, if it does."""
    root = Path(__file__).resolve().parents[2]
    return root if (root / "pyproject.toml").exists() else None


def home() -> Path:
    """Where things are kept: the checkout, else the current folder; EUREKE_HOME overrides."""
    given = os.environ.get("EUREKE_HOME")
    return Path(given) if given else checkout() or Path.cwd()


def keep_inside(environment: MutableMapping[str, str] = os.environ) -> None:
    """Points the libraries that would write into the account's home at the checkout's cache.

    The home may be missing or not writable, and nothing outside the checkout is to change.
    """
    cache = home() / ".cache"
    for variable, folder in _FOLDERS.items():
        environment.setdefault(variable, str(cache / folder))
