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
        files = sorted(self._folder.glob("*.prom"), key=_changed_ns, reverse=True)
        self._known = {path: self._read(path) for path in files[:SENDERS_MOST]}
        for _, found in self._known.values():
            yield from found

    def _read(self, path: Path) -> tuple[int, list[Metric]]:
        known, changed_ns = self._known.get(path), _changed_ns(path)
        if known is not None and known[0] == changed_ns:
            return known
        try:
            return changed_ns, list(text_string_to_metric_families(path.read_text()))
        except (OSError, ValueError) as error:
            log.warning("%s cannot be read: %s", path.name, error)
            return changed_ns, []


def _changed_ns(path: Path) -> int:
    """When a file was written; one that is gone meanwhile is older than all others."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
