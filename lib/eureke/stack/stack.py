"""A stack: servers and processes started in order of need, watched, attached to and ended."""

import atexit
import contextlib
import os
import signal as signals
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from eureke.errors import BadParameter, ServiceFailed
from eureke.scenario import Scenario
from eureke.settings import Settings
from eureke.stack.choice import choose
from eureke.stack.control import ask, supervise
from eureke.stack.folder import (
    clean,
    in_use,
    new_folder,
    newest,
    open_to_containers,
    shared,
    sweep,
    unwritable,
)
from eureke.stack.rights import check_servers
from eureke.stack.servers import Servers
from eureke.stack.service import Container, Service, ServiceStatus, Side
from eureke.stack.starting import PortLost, Starter
from eureke.stack.state import (
    State,
    address,
    new_state,
    read_state,
    services,
    settings,
    write_settings,
)
from eureke.stack.topics import make_topics
from eureke.stack.traces import remove

Say = Callable[[str], None]

ENDING_S = 60.0
ONE_SHOT = Container(memory_mib=2048)


def _print(line: str) -> None:
    print(line, flush=True)


class Stack:
    """Kafka, Redis, workers and the world around them, all on loopback.

    Use it as a context manager, or call `stop`; a kernel that dies ends it all the same.
    """

    def __init__(self, folder: Path, *, owner: subprocess.Popen[bytes] | None, say: Say) -> None:
        self.folder = folder
        self._owner = owner
        self._owner_pid = os.getpid()
        self._state = read_state(folder)
        # How to reach what is this stack's alone on given servers; None where nothing is.
        self._made_there: Settings | None = None
        self._services = {each.name: each for each in services(self._state)}
        self._say = say
        self._starter = Starter(folder, self._state, say=say)

    @classmethod
    def start(
        cls,
        *,
        scenario: Scenario | None = None,
        ports: Mapping[str, int] | None = None,
        application: bool = True,
        only: Sequence[str] = (),
        servers: Servers | None = None,
        backend: str = "auto",
        kafka_version: str = "",
        say: Say = _print,
    ) -> "Stack":
        """A new stack with everything up and ready.

        Args:
            scenario: sizes the system: partitions, dispatchers, workers, items per request.
            ports: ports to take instead of free ones, by service name.
            application: whether dispatchers, workers and the world come up too.
            only: names of the services to start; all when empty.
            servers: that are there already; those of the file in EUREKE_SERVERS when None.
            backend: `containers`, `processes`, or `auto`: what EUREKE_BACKEND says, else
                containers where a Docker engine and the images can be had, else processes.
            kafka_version: of the broker's image, with containers.
            say: is told what comes up, a line each.

        Raises:
            BadParameter: a port that was asked for is taken.
            ServiceFailed: a service did not come up, or a given server will not do; nothing is
                left running.
        """
        for line in clean():
            say(line)
        given = Servers.of_environment() if servers is None else servers
        choice = choose(backend, given=given, kafka_version=kafka_version, say=say)
        say(f"servers run as {choice.backend}: {choice.reason}")

        def state() -> State:
            return new_state(
                scenario or Scenario(),
                ports=ports or {},
                application=application,
                servers=given,
                choice=choice,
            )

        try:
            return cls._start(scenario or Scenario(), state(), only, say)
        except PortLost as error:
            say(f"{error.what.splitlines()[0]}: starting again with other ports")
            return cls._start(scenario or Scenario(), state(), only, say)

    @classmethod
    def _start(cls, scenario: Scenario, state: State, only: Sequence[str], say: Say) -> "Stack":
        folder, lock = new_folder()
        with lock:
            try:
                state.write(folder)
                if state.backend == "containers":
                    open_to_containers(folder)
                write_settings(settings(scenario, state, folder), state, folder)
                stack = cls(folder, owner=supervise(folder, state.token, lock), say=say)
            except OSError as error:
                raise unwritable(error) from error
        atexit.register(stack.stop)
        try:
            stack._open_engine()
            stack._take_up_given()
            stack._bring_up(only or tuple(stack._services))
        except BaseException:
            stack.stop()
            raise
        return stack

    @classmethod
    def attach(cls, folder: Path | None = None, *, say: Say = _print) -> "Stack":
        """A stack that is up already: the newest one, or that of the run folder.

        Raises:
            ServiceFailed: there is none.
        """
        found = folder or newest()
        stack = cls(found, owner=None, say=say)
        ask(found, "status")
        if stack._state.made_up:
            stack._made_there = stack.settings
        return stack

    def __enter__(self) -> "Stack":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

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
    def addresses(self) -> dict[str, str]:
        """Where each server of this stack listens, by its name; given ones are not its own."""
        given = self._state.servers.names
        return {
            name: address(self._state, name)
            for name in self._state.ports
            if name.partition(".")[0] not in given
        }

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the services it consists of; what was launched beside them is none."""
        return tuple(self._services)

    @property
    def given(self) -> frozenset[str]:
        """Names of the servers that were there already."""
        return self._state.servers.names

    def stop(self) -> None:
        """Ends everything; a stack that was attached to goes on (`down` ends that)."""
        if self._owner is None or self._owner_pid != os.getpid():
            return  # a process forked off the owner ends without ending the owner's stack
        owner, self._owner = self._owner, None
        atexit.unregister(self.stop)
        if owner.stdin:
            owner.stdin.close()
        try:
            owner.wait(ENDING_S)
        except subprocess.TimeoutExpired:
            owner.kill()  # its children die with it
            owner.wait()
        self._leave_given()
        sweep(self.folder)

    def down(self) -> None:
        """Ends everything, whoever started it.

        Raises:
            ServiceFailed: the supervisor does not end.
        """
        with contextlib.suppress(ServiceFailed):
            ask(self.folder, "down")
        limit_s = time.monotonic() + ENDING_S
        while in_use(self.folder):
            if time.monotonic() > limit_s:
                raise ServiceFailed(
                    f"the supervisor of {self.folder.name} has not ended in {ENDING_S:.0f} s",
                    remedy=f"see {self.folder / 'logs' / 'supervisor.log'}; end it, `eureke clean`",
                )
            time.sleep(0.05)
        self._leave_given()
        self.stop()
        sweep(self.folder)

    def detach(self) -> None:
        """Lets the stack go on when this process ends."""
        ask(self.folder, "detach")
        self._owner = None
        atexit.unregister(self.stop)

    def start_service(self, name: str) -> None:
        """Starts a service again, on its port and with its data, and waits until it is ready."""
        self._bring_up((name,))

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
        one_shot = Service(
            name=name,
            side=side,
            command=("$python", "-m", module, *literal),
            probe="file",
            needs=tuple(self._services),
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
        return [
            each.name for each in self.status() if each.name in self._services and not each.running
        ]

    def logs(self, name: str, lines: int = 20) -> str:
        """The last lines a service has written."""
        return self._starter.logs(name, lines)

    def environment(self) -> dict[str, str]:
        """Addresses and passwords for kcat, redis-cli and the like."""
        settings = self.settings
        return {
            "EUREKE_KAFKA": settings.kafka,
            "EUREKE_REDIS_QUEUE": settings.redis_queue,
            "EUREKE_REDIS_CACHE": settings.redis_cache,
            "EUREKE_PROVIDER": settings.provider_url,
            "EUREKE_SETTINGS": str(self.folder / "settings.json"),
        }

    def examples(self) -> list[str]:
        """Lines for a shell that has the environment: a look into each server."""
        lane = self.settings.lanes[0]
        return [
            f'kcat -b "$EUREKE_KAFKA" -C -t {self.settings.receipts} -o -5 -e',
            f'redis-cli --no-auth-warning -u "$EUREKE_REDIS_QUEUE" llen {lane.queue}',
            'redis-cli --no-auth-warning -u "$EUREKE_REDIS_CACHE" info memory',
            'curl "$EUREKE_PROVIDER/counts"',
        ]

    def _open_engine(self) -> None:
        if self._state.backend == "containers":
            unguarded = ask(self.folder, "open", timeout_s=ENDING_S)
            if unguarded:
                self._say(
                    f"{unguarded}; containers are removed at the end all the same, and by "
                    "`eureke clean` should this machine's supervisor be killed"
                )

    def _take_up_given(self) -> None:
        """Tries the servers that were given, and makes the topics there."""
        settings, servers = self.settings, self._state.servers
        check_servers(servers, settings)
        if self._state.made_up:
            self._made_there = settings
        if servers.kafka:
            make_topics(settings)

    def _leave_given(self) -> None:
        """Removes from given servers what has this stack's own prefix."""
        there, self._made_there = self._made_there, None
        if there is not None:
            for left in remove(self._state.servers, there):
                print(f"not removed: {left}", flush=True)

    def _bring_up(self, names: Sequence[str]) -> None:
        for name in names:
            if name not in self._services:
                raise BadParameter(
                    f"there is no service {name!r}", remedy=f"one of: {', '.join(self._services)}"
                )
        self._starter.bring_up([self._services[name] for name in names])
