"""Idempotency keys of notifications: the same key says the same thing, and is answered the same.

They are kept in the cache, for a day at most. A cache that is away costs no effect: what is sent
twice has the same id, and the provider honours it. Only that a key came with another body
goes unnoticed then.
"""

import hashlib
import logging
from typing import Annotated, Final, cast

import redis
from litestar.params import Parameter

from eureke.pipeline.answers import KEPT_S, KeyReused
from eureke.pipeline.cache import connected_async
from eureke.settings import Settings

log = logging.getLogger(__name__)
ACKNOWLEDGED: Final = b"+"
Key = Annotated[
    str | None,
    Parameter(
        header="Idempotency-Key", required=False, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,79}$"
    ),
]
"""Shorter than an id: of many notifications, each gets the key and its number."""


class Keys:
    """Which keys came with which bodies."""

    def __init__(self, settings: Settings) -> None:
        self._prefix = f"{settings.prefix}.keys."
        self._redis = connected_async(settings)

    async def came(self, key: str, body: bytes) -> bool:
        """Whether the key came before with this body, and was acknowledged.

        Raises:
            KeyReused: it came with another one.
        """
        digest = _digest(body)
        try:
            told = await self._redis.set(
                f"{self._prefix}{key}", digest, nx=True, get=True, ex=KEPT_S
            )
        except redis.RedisError as error:
            log.warning("the cache does not tell whether a key came before: %s", error)
            return False
        before = cast("bytes | None", told) or digest
        if before.removesuffix(ACKNOWLEDGED) != digest:
            raise KeyReused(key)
        return before.endswith(ACKNOWLEDGED)

    async def acknowledged(self, key: str, body: bytes) -> None:
        """Notes that what came with the key is in Kafka."""
        try:
            await self._redis.set(f"{self._prefix}{key}", _digest(body) + ACKNOWLEDGED, ex=KEPT_S)
        except redis.RedisError as error:
            log.warning("the cache was not told of a key: %s", error)

    async def close(self) -> None:
        """Ends its connections."""
        await self._redis.aclose()


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest().encode()
