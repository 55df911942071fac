"""What runs in a run folder: told to start and to stop, disturbed, looked at."""

import contextlib
import signal as signals
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from eureke.errors import BadParameter, ServiceFailed
from eureke.exposed import METRICS_FILE_VARIABLE
from eureke.settings import Settings
from eureke.stack.addresses import address
from eureke.stack.certificate import AUTHORITY
from eureke.stack.composition import services
from eureke.stack.control import ask
from eureke.stack.folder import shared
from eureke.stack.scaling import balance, scale, tell_nginx
from eureke.stack.service import Container, Service, ServiceStatus, Side
from eureke.stack.settings import write_settings
from eureke.stack.starting import Starter
from eureke.stack.state import State, read_state

ONE_SHOT: Final = Container(memory_mib=2048)


class Services:
    """The services of one stack, wherever they run."""

    def __init__(self, folder: Path, *, say: Callable[[str], None]) -> None:
        self.folder = folder
        self._say = say
        self._known = read_state(folder)

    @property
    def _state(self) -> State:
        """What it consists of now: any process may scale it."""
        with contextlib.suppress(ServiceFailed):  # once it has ended there is none to read
            self._known = read_state(self.folder)
        return self._known

    @property
    def _services(self) -> dict[str, Service]:
        return {each.name: each for each in services(self._state)}

    @property
    def _starter(self) -> Starter:
        return Starter(self.folder, self._state, say=self._say)

    @property
    def backend(self) -> str:
        """`containers` or `processes`."""
        return self._state.backend

    @property
    def backend_reason(self) -> str:
        """Why it is that one."""
        return self._state.backend_reason

    @property
    def images(self) -> dict[str, str]:
        """With containers: each image by what it is, a stand-in with what it was built from."""
        stand_ins = self._state.stand_ins
        return {
            name: f"{image} (stand-in: {stand_ins[image]})" if image in stand_ins else image
            for name, image in self._state.images.items()
        }

    @property
    def shared(self) -> Path:
        """The part of its folder that its containers see too."""
        return shared(self.folder)

    @property
    def settings(self) -> Settings:
        """Addresses and limits, as the processes of the stack have them."""
        return Settings.read(self.folder / "settings.json")

    @property
    def authority(self) -> Path:
        """The file by which Nginx's certificate is checked, where it speaks TLS."""
        return self.folder / "data" / "nginx" / AUTHORITY

    @property
    def addresses(self) -> dict[str, str]:
        """Where each server of this stack listens, by its name; given ones are not its own."""
        state = self._state
        return {
            name: address(state, name)
            for name in state.ports
            if name.partition(".")[0] not in state.servers.names
        }

    def password(self, name: str) -> str:
        """Of a server of this stack, for who signs in there; empty where it has none."""
        return self._state.passwords.get(name, "")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the services it consists of; what was launched beside them is none."""
        return tuple(self._services)

    @property
    def given(self) -> frozenset[str]:
        """Names of the servers that were there already."""
        return self._state.servers.names

    def start_service(self, name: str) -> None:
        """Starts a service again, on its port and with its data, and waits until it is ready."""
        self._bring_up((name,))
        if name.startswith("api-") and self.backend == "containers":  # maybe at another address
            tell_nginx(self.folder, self._state, self._starter)

    def scale(self, kind: str, count: int) -> None:
        """Has so many of a kind from now on: `api`, or the bulk lane's `dispatcher` or `worker`.

        What comes is ready before anything is sent to it; what goes finishes what it has.

        Raises:
            BadParameter: there is no such kind, or it cannot be so many.
            ServiceFailed: one did not come up; then all is as before.
        """
        scale(self.folder, kind, count, say=self._say)

    def balance(self, balancer: str) -> None:
        """Has Nginx choose by `least_conn` or `round_robin` from now on.

        Raises:
            BadParameter: there is no such way, or no Nginx.
        """
        balance(self.folder, balancer, say=self._say)

    def restart(self, name: str, *, settings: Settings | None = None) -> None:
        """Ends a service and starts it again, with other settings for it and all that follow."""
        self.stop_service(name)
        if settings is not None:
            write_settings(settings, self._state, self.folder)
        self.start_service(name)

    def stop_service(self, name: str) -> None:
        """Ends a service by SIGTERM, and by SIGKILL where that does not help."""
        ask(self.folder, "stop", name=name)

    def kill(self, name: str, signal: int = signals.SIGKILL) -> None:
        """Sends a signal to a service; SIGKILL returns when it is gone."""
        ask(self.folder, "signal", name=name, number=int(signal))

    def pause(self, name: str) -> None:
        """Freezes a service (SIGSTOP)."""
        self.kill(name, signals.SIGSTOP)

    def resume(self, name: str) -> None:
        """Lets a frozen service go on (SIGCONT)."""
        self.kill(name, signals.SIGCONT)

    def launch(
        self,
        name: str,
        module: str,
        *arguments: str,
        side: Side = "equipment",
        contained: bool = True,
    ) -> None:
        """Starts a process of ours that ends by itself; `wait` waits for it.

        Its working folder is its own: name files by absolute paths, in the shared folder where
        it may be `contained`, which it is where containers are.
        """
        literal = [argument.replace("$", "$$") for argument in arguments]
        written = str(self.shared / "metrics" / f"{name}.prom").replace("$", "$$")
        one_shot = Service(
            name=name,
            side=side,
            command=("$python", "-m", module, *literal),
            probe="file",
            needs=tuple(self._services),
            environment={METRICS_FILE_VARIABLE: written} if self.settings.prometheus_url else {},
            container=ONE_SHOT if contained else None,
        )
        self._starter.spawn(one_shot)

    def wait(self, name: str, *, timeout_s: float) -> int:
        """The exit code of a process that ends by itself.

        Raises:
            ServiceFailed: it failed, or did not end in time; with the last lines of its log.
        """
        limit_s = time.monotonic() + timeout_s
        while time.monotonic() < limit_s:
            code = ask(self.folder, "wait", name=name, within_s=0.5)
            if code == 0:
                return 0
            if code is not None:
                raise self._starter.failed(name, f"ended with exit code {code}")
        raise self._starter.failed(name, f"did not end within {timeout_s:.0f} s")

    def status(self) -> list[ServiceStatus]:
        """How each service fares."""
        return [
            ServiceStatus(
                name=name,
                side=row["side"],
                pid=row["pid"],
                running=row["exit_code"] is None,
                exit_code=row["exit_code"],
                log=row["log"],
            )
            for name, row in ask(self.folder, "status").items()
        ]

    def ended(self) -> list[str]:
        """Services that should run and do not."""
        names = self._services
        return [each.name for each in self.status() if each.name in names and not each.running]

    def logs(self, name: str, lines: int = 20) -> str:
        """The last lines a service has written."""
        return self._starter.logs(name, lines)

    def _bring_up(self, names: Sequence[str]) -> None:
        known = self._services
        for name in names:
            if name not in known:
                raise BadParameter(
                    f"there is no service {name!r}", remedy=f"one of: {', '.join(known)}"
                )
        self._starter.bring_up([known[name] for name in names])
