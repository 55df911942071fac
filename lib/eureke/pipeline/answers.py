"""What was answered under an idempotency key, kept in the transaction that it is the answer of."""

import hashlib
import time
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from eureke.pipeline.tables import ANSWERS

KEPT_S: Final = 86_400
"""So long a key is remembered."""


class KeyReused(Exception):
    """The idempotency key came before, with something else."""


def kept(connection: Connection, key: str, asked: bytes) -> str | None:
    """The answer that was given under a key, if there was one.

    Raises:
        KeyReused: it was the answer to something else.
    """
    row = connection.execute(select(ANSWERS).where(ANSWERS.c.key == key)).first()
    if row is None:
        return None
    if row.asked != _digest(asked):
        raise KeyReused(key)
    return str(row.answer)


def keep(connection: Connection, key: str, asked: bytes, answer: str) -> None:
    """Keeps an answer, and drops those that are too old."""
    now_s = int(time.time())
    connection.execute(delete(ANSWERS).where(ANSWERS.c.given_s < now_s - KEPT_S))
    connection.execute(
        insert(ANSWERS).values(key=key, asked=_digest(asked), answer=answer, given_s=now_s)
    )


def _digest(asked: bytes) -> str:
    return hashlib.sha256(asked).hexdigest()
