"""Parameters of a notebook: known names, right types, and the profiles that set them."""

import ast
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import papermill

from eureke.errors import BadParameter
from eureke.places import home
from eureke.scenario import Scenario, check_names

_OFTEN: Final[dict[str, Any]] = {
    # Of the chapter on scaling; its own values are those of the smoke run, as those of 10 are.
    "most": 4,
    "rounds": 3,
    "loads": 3,
    "step_s": 4.0,
    "calls_each": 4_000,
    "load": 12_000,
    # Of the chapter on latency.
    "levels": 7,
    "level_s": 8.0,
}
PROFILES: Final[dict[str, dict[str, Any]]] = {
    "smoke": {"count": 20_000, "warm_up": 5_000, "open_loop_s": 10.0},
    "standard": {
        "count": 1_000_000,
        "warm_up": 50_000,
        "open_loop_s": 120.0,
        "steady_s": 120.0,
        "fault_s": 20.0,
        **_OFTEN,
    },
    "full": {
        "count": 1_000_000,
        "warm_up": 50_000,
        "open_loop_s": 3600.0,
        "steady_s": 600.0,
        "fault_s": 60.0,
        **_OFTEN,
    },
}


def source(name: str) -> Path:
    """The file of a notebook.

    Raises:
        BadParameter: there is no such notebook.
    """
    folder = home() / "notebooks"
    path = folder / f"{name.removesuffix('.ipynb')}.ipynb"
    if not path.exists():
        known = ", ".join(sorted(each.stem for each in folder.glob("*.ipynb")))
        raise BadParameter(f"there is no notebook {name!r}", remedy=f"one of: {known}")
    return path


def checked(path: Path, *, profile: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters to run with: the notebook's own, then the profile's, then those given.

    Raises:
        BadParameter: an unknown profile or name, or a value that cannot be.
    """
    if profile not in PROFILES:
        raise BadParameter(
            f"there is no profile {profile!r}", remedy=f"one of: {', '.join(PROFILES)}"
        )
    known = {
        name: ast.literal_eval(each["default"])
        for name, each in papermill.inspect_notebook(str(path)).items()
    }
    check_names(given, allowed=known)
    profiled = {name: value for name, value in PROFILES[profile].items() if name in known}
    values = known | profiled | {name: _typed(name, given[name], known[name]) for name in given}
    scenario = {each.name for each in fields(Scenario)}
    Scenario.of({name: value for name, value in values.items() if name in scenario})
    for name, default in known.items():
        if name not in scenario:
            _check_positive(name, values[name], default)
    return values


def read_options(options: list[str]) -> dict[str, str]:
    """Names and values of `-p name=value` options."""
    pairs = {}
    for option in options:
        name, equals, value = option.partition("=")
        if not equals:
            raise BadParameter(f"{option!r} has no value", remedy="write it as -p name=value")
        pairs[name] = value
    return pairs


def _check_positive(name: str, value: Any, default: Any) -> None:
    """Refuses none of something of which the notebook has some: it would divide by it."""
    number = isinstance(default, (int, float)) and not isinstance(default, bool)
    if number and value <= 0 < default:
        raise BadParameter(
            f"{name} is {value:g}", remedy=f"{name} must be more than 0, such as {default:g}"
        )


def _typed(name: str, value: Any, default: Any) -> Any:
    """The value in the type of the notebook's own."""
    if not isinstance(value, str) or isinstance(default, str):
        return value
    try:
        if isinstance(default, bool):
            return {"true": True, "false": False}[value.lower()]
        return type(default)(value.replace("_", "").replace(",", ""))
    except (KeyError, ValueError):
        kind = type(default).__name__
        raise BadParameter(
            f"{name} is {value!r}", remedy=f"give it as {kind}, such as {default!r}"
        ) from None
