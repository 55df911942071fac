"""The process that owns all children of a stack: `python -m eureke.stack.supervisor FOLDER`.

It listens on a Unix socket in the run folder for one JSON request a connection, and watches its
owner: when that ends or closes its end of our standard input, all children end, the data goes,
and so does the supervisor. A detached one goes on until it is told `down`.
"""

import asyncio
import ctypes
import json
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from eureke.stack.folder import PROCESSES, SOCKET, TOKEN_VARIABLE, remove_data

GRACE_S = 5.0
_REQUEST_BYTES = 1 << 22
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def _die_with_supervisor() -> None:
    # Called between fork and exec in the supervisor's main thread, whose end is the
    # supervisor's own: a killed supervisor leaves nothing behind.
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _created_s(pid: int) -> float:
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return 0.0  # it has ended already: no leftover can be this old


@dataclass(slots=True)
class Child:
    """A process this supervisor started."""

    process: asyncio.subprocess.Process
    side: str
    needs: Sequence[str]
    created_s: float
    log: str


class Supervisor:
    """Starts, signals and ends processes, and never outlives its owner unless detached."""

    def __init__(self, folder: Path, token: str) -> None:
        self._folder = folder
        self._token = token
        self._children: dict[str, Child] = {}
        self._detached = False
        self._ending = asyncio.Event()
        self._answers: dict[str, Callable[..., Coroutine[Any, Any, Any]]] = {
            "start": self._start,
            "signal": self._signal,
            "stop": self._stop,
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
        await self._end_all()
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
        except Exception as error:  # noqa: BLE001  whoever asks waits for an answer
            answer = {"error": f"{type(error).__name__}: {error}"}
        writer.write(json.dumps(answer).encode() + b"\n")
        try:
            await writer.drain()
        except ConnectionError:
            return  # whoever asked is gone
        finally:
            writer.close()

    async def _start(self, *, name: str, commands: list[list[str]], **options: Any) -> int:
        """Runs the commands one after another; the last is the one that stays."""
        child = self._children.get(name)
        if child is not None and child.process.returncode is None:
            raise ValueError(f"{name} is running already, as process {child.process.pid}")
        for command in commands:
            if self._ending.is_set():
                raise ValueError("the stack is ending")
            child = self._children[name] = await self._spawn(name, command, **options)
            self._write_processes()
            if command is not commands[-1] and await child.process.wait():
                break
        return self._child(name).process.pid

    async def _spawn(
        self,
        name: str,
        command: list[str],
        *,
        environment: dict[str, str],
        side: str,
        needs: list[str],
        cwd: str,
    ) -> Child:
        log = self._folder / "logs" / f"{name}.log"
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *command,
                env=os.environ | environment | {TOKEN_VARIABLE: self._token},
                cwd=cwd,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_supervisor,
            )
        return Child(process, side, needs, _created_s(process.pid), str(log))

    async def _signal(self, *, name: str, number: int) -> None:
        child = self._child(name)
        if child.process.returncode is None:
            child.process.send_signal(number)
        if number == signal.SIGKILL:
            await child.process.wait()

    async def _stop(self, *, name: str) -> None:
        await self._end(self._child(name))

    async def _status(self) -> dict[str, dict[str, Any]]:
        return {
            name: {
                "pid": child.process.pid,
                "side": child.side,
                "exit_code": child.process.returncode,
                "log": child.log,
            }
            for name, child in self._children.items()
        }

    async def _wait(self, *, name: str, within_s: float) -> int | None:
        try:
            async with asyncio.timeout(within_s):
                return await self._child(name).process.wait()
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
            await asyncio.gather(*(self._end(living.pop(name)) for name in now))

    async def _end(self, child: Child) -> None:
        process = child.process
        if process.returncode is not None:
            return
        process.send_signal(signal.SIGCONT)  # a paused process would not hear SIGTERM
        process.terminate()
        try:
            async with asyncio.timeout(GRACE_S):
                await process.wait()
        except TimeoutError:
            os.killpg(process.pid, signal.SIGKILL)  # it leads a session: with all it has started
            await process.wait()

    def _write_processes(self) -> None:
        rows = {
            name: {
                "pid": child.process.pid,
                "create_time": child.created_s,
                "side": child.side,
                "token": self._token,
            }
            for name, child in self._children.items()
        }
        partial = self._folder / f"{PROCESSES}.partial"
        partial.write_text(json.dumps(rows))
        partial.replace(self._folder / PROCESSES)


def main() -> None:
    """Serves the run folder named by the first argument; the token comes by environment."""
    asyncio.run(Supervisor(Path(sys.argv[1]), os.environ[TOKEN_VARIABLE]).serve())


if __name__ == "__main__":
    main()
