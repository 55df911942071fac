"""The sender by the API: `python -m eureke.world.api_sender --load FOLDER --lane NAME --out FILE`.

As fast as it goes it sends many notifications a request, line by line; paced, each has a request of
its own at its time. What was not acknowledged is sent again under the same id, for a while; then
it is unknown. The record is that of `world/sender.py`.
"""

import asyncio
import gc
import signal
import sys
import time
from contextlib import closing
from itertools import chain
from random import Random
from typing import Final
from zlib import crc32

import aiohttp
import msgspec
import numpy as np
from aiohttp import ClientError, ClientSession

from eureke.errors import EurekeError, LoadFailed
from eureke.settings import Settings
from eureke.world.errand import Errand
from eureke.world.load import PACED_PIECE, Record, pieces, size
from eureke.world.sent import (
    ACKNOWLEDGED,
    REFUSED,
    UNKNOWN,
    Fates,
    ProgressFile,
    SentWriter,
    Times,
)

LINES: Final = 5_000
STREAMS: Final = 2
"""Requests of many lines at a time; each user's notifications are all in the same stream."""
CONNECTIONS: Final = 200
"""Of the paced load; a request that would need one more has waited, and is counted."""
PATIENCE_S: Final = 60.0
TIMEOUT_S: Final = 15.0
ACCEPTED: Final = 202
NDJSON: Final = "application/x-ndjson"


class _Item(msgspec.Struct):
    status: int


class _Many(msgspec.Struct):
    items: list[_Item]


class ApiSender:
    """Sends a load through the API and remembers each record's times and fate."""

    def __init__(self, settings: Settings, errand: Errand) -> None:
        if not settings.api_url:
            raise LoadFailed(
                "this stack has no API to send through",
                remedy="give it one: the scenario's `apis = 1`",
            )
        addresses = errand.to or (settings.api_url,)
        self._urls = [f"{address}/notifications" for address in addresses]
        self._query = {"lane": errand.lane}
        self._headers = {"Authorization": f"Bearer {settings.api_tokens['write']}"}
        if errand.tag:
            self._headers["X-Tag"] = errand.tag
        self._folder = errand.load
        self._out = errand.out
        self._total, self.paced = size(errand.load)
        self._progress = ProgressFile(errand)
        self._decode = msgspec.json.Decoder(_Many).decode
        self._chance = Random()
        self._stopping = False
        self._count = 0
        self._under_way = 0
        self._waited = 0

    def stop(self) -> None:
        """Sends no more; what is under way still gets its answer."""
        self._stopping = True

    async def run(self) -> None:
        """Sends everything, waits for the answers, writes the record."""
        gc.disable()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self.stop)
        async with ClientSession(
            headers=self._headers,
            connector=aiohttp.TCPConnector(limit=CONNECTIONS),
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
        ) as session:
            with closing(SentWriter(self._out)) as writer:
                send = self._send_paced if self.paced else self._send_flat_out
                await send(session, writer)
        self._progress.report(self._count, done=True, waited=self._waited, **writer.counts)

    def _url(self, number: int) -> str:
        return self._urls[number % len(self._urls)]

    async def _send_flat_out(self, session: ClientSession, writer: SentWriter) -> None:
        """A piece after the other, so that what is for one user stays in its order."""
        for records in pieces(self._folder, most=LINES * STREAMS):
            if self._stopping:
                break
            await self._send_piece(session, writer, records)
            self._count += len(records)
            self._progress.report(self._count)

    async def _send_piece(
        self, session: ClientSession, writer: SentWriter, records: list[Record]
    ) -> None:
        values = [value for _, _, value, _ in records]
        fates = np.full(len(values), UNKNOWN, dtype=np.int8)
        streams: list[list[int]] = [[] for _ in range(STREAMS)]
        others: list[int] = []
        for at, (_, key, value, _) in enumerate(records):
            # What is no line by itself would shift the answers of all others.
            is_line = b"\n" not in value and value.strip()
            (streams[crc32(key) % STREAMS] if is_line else others).append(at)
        sent_ns = time.monotonic_ns()
        limit_s = time.monotonic() + PATIENCE_S
        await asyncio.gather(
            *(
                self._send_lines(session, self._url(at), values, each, fates, limit_s=limit_s)
                for at, each in enumerate(streams)
            )
        )
        for at in others:
            fates[at] = await self._send_one(session, self._url(at), values[at], limit_s=limit_s)
        count = len(values)
        writer.add(
            seq=np.array([seq for seq, *_ in records]),
            intended_ns=np.full(count, sent_ns),
            sent_ns=np.full(count, sent_ns),
            acked_ns=np.full(count, time.monotonic_ns()),
            fates=fates,
        )

    async def _send_lines(
        self,
        session: ClientSession,
        url: str,
        values: list[bytes],
        lines: list[int],
        fates: Fates,
        *,
        limit_s: float,
    ) -> None:
        """Sends lines until each has a fate, or the patience is over."""
        attempt = 0
        while lines:
            body = b"\n".join([values[at] for at in lines])
            answer = await self._post(session, url, body, NDJSON)
            if answer is not None and answer[0] < 500:
                for at, item in zip(lines, self._items(*answer), strict=True):
                    fates[at] = _fate(item.status)
            lines = [at for at in lines if fates[at] == UNKNOWN]
            if not lines or not await self._again(attempt, limit_s):
                return
            attempt += 1

    def _items(self, status: int, body: bytes) -> list[_Item]:
        """What became of each line."""
        try:
            return self._decode(body).items
        except msgspec.MsgspecError as error:
            raise LoadFailed(
                f"the API answers {status} to a request of many lines: {body[:200]!r}",
                remedy="see its log, and that its token is this stack's",
            ) from error

    async def _send_one(
        self, session: ClientSession, url: str, value: bytes, *, limit_s: float
    ) -> int:
        attempt = 0
        while True:
            answer = await self._post(session, url, value, "application/json")
            fate = UNKNOWN if answer is None else _fate(answer[0])
            if fate != UNKNOWN or not await self._again(attempt, limit_s):
                return fate
            attempt += 1

    async def _again(self, attempt: int, limit_s: float) -> bool:
        """Waits for the next attempt, by chance and longer each time; false where it is over."""
        if time.monotonic() > limit_s:
            return False
        await asyncio.sleep(self._chance.uniform(0, min(2.0, 0.1 * 2**attempt)))
        return True

    async def _post(
        self, session: ClientSession, url: str, body: bytes, kind: str
    ) -> tuple[int, bytes] | None:
        """Status and body of the answer; None where nobody knows."""
        self._under_way += 1
        self._waited += self._under_way > CONNECTIONS
        try:
            headers = {"Content-Type": kind}
            async with session.post(url, data=body, headers=headers, params=self._query) as answer:
                return answer.status, await answer.read()
        except (ClientError, TimeoutError, OSError):
            return None
        finally:
            self._under_way -= 1

    async def _send_paced(self, session: ClientSession, writer: SentWriter) -> None:
        """Each at its time, whatever became of those before it."""
        times = np.zeros((3, self._total), dtype=np.int64)
        fates = np.full(self._total, UNKNOWN, dtype=np.int8)
        self._progress.watch(times)
        tasks: dict[bytes, asyncio.Task[None]] = {}
        begin_ns = time.monotonic_ns() + 200_000_000
        records = chain.from_iterable(pieces(self._folder, most=PACED_PIECE))
        for seq, key, value, offset_ns in records:
            due_ns = begin_ns + offset_ns
            await asyncio.sleep(max(0, due_ns - time.monotonic_ns()) / 1e9)
            times[:2, seq] = due_ns, time.monotonic_ns()
            # What is for the same user goes after it, or the order would be another one.
            sending = self._send_at(session, seq, value, times, fates, after=tasks.get(key))
            tasks[key] = asyncio.create_task(sending)
            self._count = seq + 1
            self._progress.report(self._count)
            if self._stopping:
                break
        await asyncio.gather(*tasks.values())
        intended_ns, sent_ns, acked_ns = times[:, : self._count]
        writer.add(
            seq=np.arange(self._count),
            intended_ns=intended_ns,
            sent_ns=sent_ns,
            acked_ns=acked_ns,
            fates=fates[: self._count],
        )

    async def _send_at(
        self,
        session: ClientSession,
        seq: int,
        value: bytes,
        times: Times,
        fates: Fates,
        *,
        after: asyncio.Task[None] | None,
    ) -> None:
        if after is not None:
            await after
        limit_s = time.monotonic() + PATIENCE_S
        fates[seq] = await self._send_one(session, self._url(seq), value, limit_s=limit_s)
        times[2, seq] = time.monotonic_ns()


def _fate(status: int) -> int:
    """What is known of a record by its status: whatever is not our fault may be there or not."""
    if status == ACCEPTED:
        return ACKNOWLEDGED
    return REFUSED if status < 500 else UNKNOWN


def main() -> None:
    """Reads the arguments and sends."""
    try:
        sender = ApiSender(Settings.of_process(), Errand.of_arguments("eureke.world.api_sender"))
        asyncio.run(sender.run())
    except EurekeError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
