"""The process that owns all children of a stack: `python -m eureke.stack.supervisor FOLDER`.

It listens on a Unix socket in the run folder for one JSON request a connection, and watches its
owner: when that ends or closes its end of our standard input, all children end, the data goes,
and so does the supervisor. A detached one goes on until it is told `down`.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from eureke.errors import EurekeError
from eureke.stack.children import Child, Process
from eureke.stack.folder import PROCESSES, SOCKET, TOKEN_VARIABLE, remove_data

if TYPE_CHECKING:
    from eureke.stack.contained import Containers

Answer = TypeVar("Answer")

_REQUEST_BYTES = 1 << 22


class Supervisor:
    """Starts, signals and ends processes, and never outlives its owner unless detached."""

    def __init__(self, folder: Path, token: str) -> None:
        self._folder = folder
        self._token = token
        self._children: dict[str, Child] = {}
        self._containers: Containers | None = None
        self._asked: set[asyncio.Future[Any]] = set()
        self._detached = False
        self._ending = asyncio.Event()
        self._answers: dict[str, Callable[..., Coroutine[Any, Any, Any]]] = {
            "start": self._start,
            "open": self._open,
            "contain": self._contain,
            "signal": self._signal,
            "stop": self._stop,
            "remove": self._remove,
            "status": self._status,
            "wait": self._wait,
            "detach": self._detach,
            "down": self._down,
        }

    async def serve(self) -> None:
        """Answers requests until the owner is gone or says `down`; then ends all children."""
        os.chdir(self._folder)  # a Unix socket's path is short: name it from here
        server = await asyncio.start_unix_server(
            self._connection, path=SOCKET, limit=_REQUEST_BYTES
        )
        watching = asyncio.create_task(self._watch_owner())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._ending.set)
        print("ready", flush=True)  # the owner reads it
        await self._ending.wait()
        watching.cancel()
        server.close()
        if self._asked:
            await asyncio.wait(self._asked)
        await self._end_all()
        if self._containers is not None:
            await asyncio.to_thread(self._containers.close)
        remove_data(self._folder)

    async def _watch_owner(self) -> None:
        loop = asyncio.get_running_loop()
        # A process forked off the owner may hold the pipe open: watch the owner itself too.
        owner = os.pidfd_open(os.getppid())
        loop.add_reader(owner, self._owner_gone, owner)
        reader = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        await reader.read()
        self._owner_gone(owner)

    def _owner_gone(self, owner: int) -> None:
        asyncio.get_running_loop().remove_reader(owner)
        if not self._detached:
            self._ending.set()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = json.loads(await reader.readline())
            answer = {"answer": await self._answers[request.pop("do")](**request)}
        except EurekeError as error:
            answer = {"error": error.what, "remedy": error.remedy}
        except Exception as error:  # noqa: BLE001  whoever asks waits for an answer
            answer = {"error": f"{type(error).__name__}: {error}"}
        writer.write(json.dumps(answer).encode() + b"\n")
        try:
            await writer.drain()
        except ConnectionError:
            return  # whoever asked is gone
        finally:
            writer.close()

    async def _start(
        self, *, name: str, commands: list[list[str]], environment: dict[str, str], **options: Any
    ) -> int:
        """Runs the commands one after another; the last is the one that stays."""
        self._check_free(name)
        for command in commands:
            self._check_going_on()
            child = self._children[name] = await Process.spawn(
                command,
                log=self._folder / "logs" / f"{name}.log",
                environment=environment | {TOKEN_VARIABLE: self._token},
                **options,
            )
            self._write_processes()
            if command is not commands[-1] and await child.wait():
                break
        return self._child(name).pid

    async def _open(self) -> str:
        """Makes ready for containers; says what is amiss with their reaper, if anything is."""
        # Imported here: a supervisor of processes has no use for an engine's client.
        from eureke.stack.contained import Containers  # noqa: PLC0415

        self._check_going_on()
        loop = asyncio.get_running_loop()
        self._containers = await self._engine(Containers, self._folder, loop)
        return self._containers.unguarded

    async def _contain(
        self, *, name: str, spec: dict[str, Any], side: str, needs: list[str]
    ) -> int:
        """Runs a container: the one of that name again, where it is still the same."""
        self._check_free(name)
        self._check_going_on()
        from eureke.stack.containers import RenderedContainer  # noqa: PLC0415

        assert self._containers is not None  # noqa: S101  opened before anything is contained
        rendered = msgspec.convert(spec, RenderedContainer)
        start = partial(self._containers.start, side=side, needs=needs)
        child = await self._engine(start, name, rendered)
        self._children[name] = child
        self._write_processes()
        return self._child(name).pid

    async def _engine(self, ask: Callable[..., Answer], *arguments: Any) -> Answer:
        """What a call that waits for the engine gives; nothing ends before it has returned."""
        asked = asyncio.ensure_future(asyncio.to_thread(ask, *arguments))
        self._asked.add(asked)
        asked.add_done_callback(self._asked.discard)
        return await asked

    def _check_free(self, name: str) -> None:
        child = self._children.get(name)
        if child is not None and child.exit_code is None:
            raise ValueError(f"{name} is running already, as process {child.pid}")

    def _check_going_on(self) -> None:
        if self._ending.is_set():
            raise ValueError("the stack is ending")

    async def _signal(self, *, name: str, number: int) -> None:
        child = self._child(name)
        await child.send(number)
        if number == signal.SIGKILL:
            await child.wait()

    async def _stop(self, *, name: str) -> None:
        await self._child(name).end()

    async def _remove(self, *, name: str) -> None:
        """Ends it and forgets it."""
        await self._child(name).end()
        del self._children[name]
        self._write_processes()

    async def _status(self) -> dict[str, dict[str, Any]]:
        return {
            name: {
                "pid": child.pid,
                "side": child.side,
                "exit_code": child.exit_code,
                "log": str(self._folder / "logs" / f"{name}.log"),
            }
            for name, child in self._children.items()
        }

    async def _wait(self, *, name: str, within_s: float) -> int | None:
        try:
            async with asyncio.timeout(within_s):
                return await self._child(name).wait()
        except TimeoutError:
            return None

    async def _detach(self) -> None:
        self._detached = True

    async def _down(self) -> None:
        self._ending.set()

    def _child(self, name: str) -> Child:
        if name not in self._children:
            raise ValueError(f"{name} was never started")
        return self._children[name]

    async def _end_all(self) -> None:
        """Ends those first that need others: a worker's last flush still finds its broker."""
        living = dict(self._children)
        while living:
            needed = {need for child in living.values() for need in child.needs}
            now = [name for name in living if name not in needed] or list(living)
            ended = (living.pop(name).end() for name in now)
            # One that cannot be ended, such as by an engine that is gone, keeps no other alive.
            for trouble in await asyncio.gather(*ended, return_exceptions=True):
                if trouble is not None:
                    print(trouble, file=sys.stderr)

    def _write_processes(self) -> None:
        rows = {
            name: {
                "pid": child.pid,
                "create_time": child.created_s,
                "side": child.side,
                "token": self._token,
            }
            for name, child in self._children.items()
            if child.pid
        }
        partial = self._folder / f"{PROCESSES}.partial"
        partial.write_text(json.dumps(rows))
        partial.replace(self._folder / PROCESSES)


def main() -> None:
    """Serves the run folder named by the first argument; the token comes by environment."""
    asyncio.run(Supervisor(Path(sys.argv[1]), os.environ[TOKEN_VARIABLE]).serve())


if __name__ == "__main__":
    main()
