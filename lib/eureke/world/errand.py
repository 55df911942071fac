"""What a sender is told when it starts: alike for every entrance."""

import argparse
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What is sent, where to, and where the record of it goes."""

    load: Path
    out: Path
    lane: str
    tag: str
    to: tuple[str, ...] = ()
    """Addresses to send to in turn, in place of the settings' own."""

    @classmethod
    def of_arguments(cls, program: str) -> "Errand":
        """The one of this process's command line."""
        parser = argparse.ArgumentParser(prog=program)
        parser.add_argument("--load", type=Path, required=True)
        parser.add_argument("--out", type=Path, required=True)
        parser.add_argument("--lane", required=True)
        parser.add_argument("--tag", default="")
        parser.add_argument("--to", action="append", default=[])
        given = vars(parser.parse_args())
        return cls(**(given | {"to": tuple(given["to"])}))
