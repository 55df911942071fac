"""What senders wrote of themselves, who end before Prometheus asks them a last time."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

log = logging.getLogger("exporter")
SENDERS_MOST: Final = 8
"""The newest: a stack may see hundreds, and each is a series more for good."""


class Written:
    """The metrics in a folder's files; a file that has not changed is not read again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[Path, tuple[int, list[Metric]]] = {}

    def metrics(self) -> Iterator[Metric]:
        """Those of the newest senders; whose file cannot be read tells nothing."""
        newest = sorted(map(_changed, self._folder.glob("*.prom")), reverse=True)[:SENDERS_MOST]
        self._known = {path: self._read(path, changed_ns) for changed_ns, path in newest}
        for _, found in self._known.values():
            yield from found

    def _read(self, path: Path, changed_ns: int) -> tuple[int, list[Metric]]:
        known = self._known.get(path)
        if known is not None and known[0] == changed_ns:
            return known
        try:
            return changed_ns, list(text_string_to_metric_families(path.read_text()))
        except (OSError, ValueError) as error:
            log.warning("%s cannot be read: %s", path.name, error)
            return changed_ns, []


def _changed(path: Path) -> tuple[int, Path]:
    """When a file was written."""
    return path.stat().st_mtime_ns, path
