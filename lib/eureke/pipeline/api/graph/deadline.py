"""How long a query or mutation may take, over HTTP and over a socket."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from typing import Final

from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.types.graphql import OperationType

from eureke.pipeline.directory import ENDS_S

log = logging.getLogger(__name__)
TOO_LONG: Final = "TIMEOUT"
"""Code of the error. A mutation that was just being committed may be done all the same."""


class Deadline(SchemaExtension):
    """Ends what takes too long; what is followed may take as long as it likes.

    A statement that is under way goes on in its thread; the database has the same limit for it,
    and nothing is committed after the operation's end.
    """

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s

    async def on_execute(self) -> AsyncIterator[None]:
        """Around the execution."""
        if self.execution_context.operation_type is OperationType.SUBSCRIPTION:
            yield
            return
        ENDS_S.set(time.monotonic() + self._timeout_s)
        try:
            async with asyncio.timeout(self._timeout_s):
                yield
        except TimeoutError as error:
            log.warning("an operation took longer than %g s", self._timeout_s)
            raise GraphQLError(
                f"this took longer than {self._timeout_s:g} s", extensions={"code": TOO_LONG}
            ) from error
