"""Containers as a supervisor's children, by testcontainers: a network, a reaper, and them."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from docker.errors import APIError, NotFound
from docker.types import Mount
from testcontainers.core.config import ConnectionMode, testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network

from eureke.errors import ServiceFailed
from eureke.stack.children import GRACE_S, created_s
from eureke.stack.containers import RenderedContainer
from eureke.stack.engine import LABEL, SILENT
from eureke.stack.ports import LOOPBACK
from eureke.stack.reaper import Reaper

KILLED: Final = 128
"""An exit code above it is that much more than the signal that ended the process."""
PIDS: Final = 512
SHORT_BYTES: Final = 1 << 20


class Containers:
    """The containers of one stack, in a network of their own."""

    def __init__(self, folder: Path, loop: asyncio.AbstractEventLoop) -> None:
        self._folder = folder
        self._loop = loop
        testcontainers_config.tc_host_override = LOOPBACK
        testcontainers_config.connection_mode_override = ConnectionMode.docker_host
        # Before all else: what comes into being with the reaper there, it knows.
        self._reaper = Reaper.start()
        testcontainers_config.ryuk_disabled = True  # or testcontainers starts one of its own
        self._network = Network(
            docker_network_kw={
                "labels": self._labels(),
                # What a container publishes without an address is on loopback too.
                "options": {"com.docker.network.bridge.host_binding_ipv4": LOOPBACK},
            }
        )
        self._network.name = f"eureke-{folder.name}"
        self._network.create()
        self._children: dict[str, Contained] = {}

    @property
    def unguarded(self) -> str:
        """Why nobody removes the containers should this process be killed; empty if one does."""
        return self._reaper.trouble

    def start(
        self, name: str, spec: RenderedContainer, *, side: str, needs: Sequence[str]
    ) -> "Contained":
        """A container that runs under that name in the network; blocks for a moment.

        The one that was there before goes on with what it has written, if it is the same.
        """
        before = self._children.get(name)
        if before is not None and before.spec == spec:
            before.run()
            return before
        if before is not None:
            before.remove()
        container = (
            DockerContainer(spec.image)
            .with_name(f"eureke-{self._folder.name}-{name}")
            .with_network(self._network)
            .with_network_aliases(name)
            .with_envs(**spec.environment)
            .with_kwargs(**self._options(spec))
        )
        # testcontainers' own methods publish to everybody.
        container.ports = {
            inside: (LOOPBACK, port)  # type: ignore[misc]  # docker-py's form
            for inside, port in spec.ports.items()
        }
        if spec.hardened:
            container.with_tmpfs_mount("/tmp", "size=64m,mode=1777")  # noqa: S108  its own
        if spec.command:
            container.with_command(spec.command)
        child = Contained(
            container,
            log=self._folder / "logs" / f"{name}.log",
            side=side,
            needs=needs,
            spec=spec,
            loop=self._loop,
        )
        self._children[name] = child
        child.run()
        return child

    def close(self) -> None:
        """Removes all containers, their volumes and the network; then the reaper goes."""
        for child in self._children.values():
            with contextlib.suppress(*SILENT):
                child.remove()
        with contextlib.suppress(*SILENT):
            self._network.remove()
        self._reaper.stop()

    def _labels(self) -> dict[str, str]:
        return {LABEL: str(self._folder)}

    def _options(self, spec: RenderedContainer) -> dict[str, Any]:
        """What docker-py is told besides."""
        options: dict[str, Any] = {
            "labels": self._labels(),
            "mounts": [
                Mount(target=inside, source=outside, type="bind", read_only=not writable)
                for outside, inside, writable in spec.mounts
            ],
            "mem_limit": f"{spec.memory_mib}m",
            "memswap_limit": f"{spec.memory_mib}m",
            "nano_cpus": int(spec.cores * 1e9),
            "pids_limit": PIDS,
            "security_opt": ["no-new-privileges"],
        }
        if spec.hardened:
            options |= {"read_only": True, "cap_drop": ["ALL"]}
        if spec.user:
            options["user"] = spec.user
        return options


@contextlib.contextmanager
def _told(name: str) -> Iterator[None]:
    """What the engine says of a container, as an error with a remedy."""
    try:
        yield
    except APIError as error:
        raise ServiceFailed(
            f"the Docker engine refuses {name}: {error.explanation or error}",
            remedy="see what it says; `docker info` shows its state, `docker system df` its disk",
        ) from error
    except SILENT as error:
        raise ServiceFailed(
            f"the Docker engine does not answer (any more) when asked for {name}",
            remedy="start it again, then `eureke clean` removes what it kept; or run without: "
            "`--backend processes`",
        ) from error


class Contained:
    """A container that is a child of ours; a thread follows its log to its end."""

    def __init__(
        self,
        container: DockerContainer,
        spec: RenderedContainer,
        *,
        log: Path,
        side: str,
        needs: Sequence[str],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._container = container
        self._log = log
        self._name = log.stem
        self.side = side
        self.needs = needs
        self.spec = spec
        self.pid = 0
        self.created_s = 0.0
        self.exit_code: int | None = None
        self._loop = loop
        self._ended = asyncio.Event()

    def run(self) -> None:
        """Starts it; again, with what it has written, where it has ended. Blocks for a moment."""
        since_s: float | None = None
        with _told(self._name):
            if self._container._container is None:  # noqa: SLF001  there is no public way to ask
                self._container.start()
            else:
                # Not since it started: it may have written before the engine noted that.
                before = self._container.get_wrapped_container()
                before.reload()
                since_s = datetime.fromisoformat(before.attrs["State"]["FinishedAt"]).timestamp()
                before.start()
            wrapped = self._container.get_wrapped_container()
            wrapped.reload()
        state = wrapped.attrs["State"]
        self.pid = state["Pid"]
        self.created_s = created_s(self.pid) if self.pid else 0.0
        self.exit_code = None
        self._ended = asyncio.Event()
        threading.Thread(target=self._follow, args=(since_s, self._ended), daemon=True).start()

    async def send(self, number: int) -> None:
        """Sends its process a signal."""
        if self.exit_code is None:
            await asyncio.to_thread(self._send, number)

    async def wait(self) -> int:
        """Its exit code, once it has ended and its log is whole."""
        await self._ended.wait()
        assert self.exit_code is not None  # noqa: S101  set before the event
        return self.exit_code

    async def end(self) -> None:
        """Ends it as its image wants to be ended, by force where that does not help."""
        if self.exit_code is not None:
            return
        await asyncio.to_thread(self._stop)
        await self.wait()

    def remove(self) -> None:
        """Removes it with its volumes."""
        with contextlib.suppress(NotFound):
            self._container.stop(force=True, delete_volume=True)

    def _send(self, number: int) -> None:
        with _told(self._name):
            try:
                self._container.get_wrapped_container().kill(signal=number)
            except APIError as error:
                if error.status_code not in (404, 409):  # it has ended meanwhile
                    raise

    def _stop(self) -> None:
        wrapped = self._container.get_wrapped_container()
        with _told(self._name), contextlib.suppress(APIError):
            wrapped.kill(signal="CONT")  # a paused process would not hear SIGTERM
        with _told(self._name):
            wrapped.stop(timeout=int(GRACE_S))

    def _follow(self, since_s: float | None, ended: asyncio.Event) -> None:
        """Copies what it writes until it ends, then tells how it ended."""
        wrapped = self._container.get_wrapped_container()
        code, followed = -1, 0
        try:
            with self._log.open("ab", buffering=0) as log:
                for chunk in wrapped.logs(stream=True, follow=True, since=since_s):
                    followed += log.write(chunk) or 0
                code = int(wrapped.wait()["StatusCode"])
                if followed < SHORT_BYTES:
                    # The engine ends the stream of a short life before it has written all of it.
                    log.write(wrapped.logs(since=since_s)[followed:])
        except (*SILENT, OSError) as error:
            with self._log.open("a") as log_text:
                log_text.write(f"\nthe engine no longer tells of it: {error}\n")
        self.exit_code = KILLED - code if code > KILLED else code
        self._loop.call_soon_threadsafe(ended.set)
