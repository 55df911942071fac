"""Grafana where it is installed: no registry of packages has one to fetch."""

from pathlib import Path
from typing import Final

from eureke.errors import ProgramMissing
from eureke.programs.sought import Sought

GRAFANA: Final = Sought(
    title="Grafana",
    command="grafana",
    needed=(10,),
    version=("--version", r"version ([\d.]+)"),
    packages=(),
    in_packages="",
)
HOMES: Final = (Path("/usr/share/grafana"), Path("/usr/local/share/grafana"))
"""Where packages put its own files; an archive has them around its program."""


def grafana_home() -> Path:
    """The folder of Grafana's own files, without which it does not start.

    Raises:
        ProgramMissing: there is no Grafana, or none of these files.
    """
    program = GRAFANA.find().path.resolve()
    for folder in (program.parent.parent, *HOMES):
        if (folder / "conf" / "defaults.ini").exists():
            return folder
    raise ProgramMissing(
        f"{program} has no conf/defaults.ini beside it, nor in {HOMES[0]}",
        remedy="unpack Grafana's whole archive and put its `bin` on PATH",
    )
