"""What killed stacks have left with a Docker engine."""

from pathlib import Path

from eureke.errors import ServiceFailed
from eureke.stack.engine import Engine
from eureke.stack.folder import in_use, runs
from eureke.stack.image import remove_old


def clean_engine(engine: Engine | None = None, *, images: bool = True) -> list[str]:
    """Removes containers, networks and old images of this checkout; says what it did.

    Only what bears our label with a run folder of ours that nobody uses any more; nothing where
    no engine answers.
    """
    try:
        asked = engine or Engine.connect()
    except ServiceFailed:
        return []
    return asked.sweep(_is_left) + (remove_old(asked) if images else [])


def _is_left(folder: Path) -> bool:
    return folder.parent == runs() and not in_use(folder)
