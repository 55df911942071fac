"""The table of configurations: each setting with its value, why, and what shows it."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from eureke.errors import EurekeError

if TYPE_CHECKING:
    import pandas as pd

    from eureke.stack.services import Services

FILE: Final = "configuration.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """Why a setting is as it is; its value is another matter."""

    server: str
    setting: str
    why: str
    without: str
    """What breaks without it."""
    shown: str
    """A test (`path::name`) or a notebook's cell (`path#id`)."""


@cache
def explained() -> tuple[Explained, ...]:
    """Every setting that is explained, of every server that any stack may have."""
    tables = tomllib.loads((files(__package__) / FILE).read_text())
    return tuple(
        Explained(server=server, setting=setting, **words)
        for server, settings in tables.items()
        for setting, words in settings.items()
    )


def configuration(stack: "Services") -> "pd.DataFrame":
    """The settings that matter, of the servers and clients that a running stack has.

    Returns:
        A row for each: server, setting, value (as it is read just now), why, without it, shown by
        and read from.

    Raises:
        EurekeError: a setting is explained and not set.
    """
    # Imported here: whoever does exercises has no need of a stack, nor of tables.
    import pandas as pd  # noqa: PLC0415

    from eureke.learn.configured import configured  # noqa: PLC0415

    found = configured(stack)
    rows = []
    for each in explained():
        if each.server not in found:
            continue
        origin, values = found[each.server]
        if each.setting not in values:
            raise EurekeError(
                f"{each.server} has no setting {each.setting!r} in {origin}",
                remedy=f"it was renamed or removed: change it in eureke/learn/{FILE} too",
            )
        rows.append(
            {
                "server": each.server,
                "setting": each.setting,
                "value": values[each.setting],
                "why": each.why,
                "without it": each.without,
                "shown by": each.shown,
                "read from": origin,
            }
        )
    return pd.DataFrame(rows)
