"""A chapter's result in the making: tables of what was seen, and what was found in them."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

import pandas as pd

from eureke.measure.machine import fingerprint
from eureke.measure.results import Result, ResultWriter, backend_text
from eureke.stack.stack import Stack


class Chapter:
    """What a chapter keeps: `keep` a table, draw it from `result`, `close` with what was found."""

    def __init__(self, name: str, stack: Stack) -> None:
        self.name = name
        self._writer = ResultWriter()
        self._run = {
            "chapter": name,
            "machine": asdict(fingerprint(images=stack.images)),
            "backend": stack.backend,
            "backend_reason": stack.backend_reason,
            "images": stack.images,
        }
        self._writer.write_json("run.json", self._run)

    @property
    def result(self) -> Result:
        """The result as far as it is."""
        return Result(self._writer.folder)

    def keep(self, name: str, rows: Iterable[Mapping[str, Any]] | pd.DataFrame) -> pd.DataFrame:
        """Keeps a table under a name; the same one again takes its place."""
        table = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows))
        table.to_parquet(self._writer.folder / f"{name}.parquet")
        return table

    def close(self, **found: Any) -> Result:
        """The result, with what was found."""
        facts = {"chapter": self.name, "backend": backend_text(self._run), "found": found}
        self._writer.write_json("summary.json", facts)
        return self._writer.close()
