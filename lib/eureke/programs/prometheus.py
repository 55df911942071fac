"""Prometheus and its promtool; no wheel carries them, and a stack can do without."""

from dataclasses import replace
from typing import Final

from eureke.programs.sought import Sought

PROMETHEUS: Final = Sought(
    title="Prometheus",
    command="prometheus",
    needed=(2, 31),
    version=("--version", r"version ([\d.]+)"),
    packages=("prometheus",),
    in_packages="usr/bin/prometheus",
)
PROMTOOL: Final = replace(PROMETHEUS, command="promtool", in_packages="usr/bin/promtool")
