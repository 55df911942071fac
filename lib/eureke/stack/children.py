"""What a supervisor owns: a process or a container, told to stop and waited for alike."""

import asyncio
import ctypes
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import psutil

GRACE_S = 5.0
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


class Child(Protocol):
    """Something that runs, and that its supervisor ends."""

    side: str
    needs: Sequence[str]

    @property
    def pid(self) -> int:
        """Its process on this machine; 0 for a container whose process is not seen from here."""

    @property
    def created_s(self) -> float:
        """When that process began."""

    @property
    def exit_code(self) -> int | None:
        """None while it runs; a signal's number, negative, where one ended it."""

    async def send(self, number: int) -> None:
        """Sends it a signal."""

    async def wait(self) -> int:
        """Its exit code, once it has ended."""

    async def end(self) -> None:
        """Ends it, by force where asking does not help."""


class Process:
    """A process that is a child of ours."""

    def __init__(
        self, process: asyncio.subprocess.Process, *, side: str, needs: Sequence[str]
    ) -> None:
        self._process = process
        self.side = side
        self.needs = needs
        self.pid = process.pid
        self.created_s = created_s(process.pid)

    @classmethod
    async def spawn(
        cls,
        command: Sequence[str],
        *,
        log: Path,
        environment: dict[str, str],
        cwd: str,
        side: str,
        needs: Sequence[str],
    ) -> "Process":
        """Starts a command that dies with this process."""
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *command,
                env=os.environ | environment,
                cwd=cwd,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_supervisor,
            )
        return cls(process, side=side, needs=needs)

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.returncode

    async def send(self, number: int) -> None:
        """Sends it a signal."""
        if self.exit_code is None:
            self._process.send_signal(number)

    async def wait(self) -> int:
        """Its exit code, once it has ended."""
        return await self._process.wait()

    async def end(self) -> None:
        """Ends it, and all it has started where asking does not help."""
        if self.exit_code is not None:
            return
        self._process.send_signal(signal.SIGCONT)  # a paused process would not hear SIGTERM
        self._process.terminate()
        try:
            async with asyncio.timeout(GRACE_S):
                await self._process.wait()
        except TimeoutError:
            os.killpg(self.pid, signal.SIGKILL)  # it leads a session
            await self._process.wait()


def created_s(pid: int) -> float:
    """When a process began; 0 where it has ended already, or cannot be seen."""
    try:
        return psutil.Process(pid).create_time()
    except psutil.Error:
        return 0.0


def _die_with_supervisor() -> None:
    # Called between fork and exec in the supervisor's main thread, whose end is the
    # supervisor's own: a killed supervisor leaves nothing behind.
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
