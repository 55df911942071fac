"""A stack: servers and processes started in order of need, watched, attached to and ended."""

import atexit
import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from eureke.errors import ServiceFailed
from eureke.scenario import Scenario
from eureke.settings import Settings
from eureke.stack.choice import choose
from eureke.stack.composition import new_state
from eureke.stack.control import ask, supervise
from eureke.stack.folder import (
    clean,
    in_use,
    new_folder,
    newest,
    open_to_containers,
    sweep,
    unwritable,
)
from eureke.stack.monitoring import monitored
from eureke.stack.rights import check_servers
from eureke.stack.servers import Servers
from eureke.stack.services import Services
from eureke.stack.settings import settings, write_settings
from eureke.stack.starting import PortLost
from eureke.stack.state import State
from eureke.stack.topics import make_topics
from eureke.stack.traces import remove

Say = Callable[[str], None]

ENDING_S = 60.0


def _print(line: str) -> None:
    print(line, flush=True)


class Stack(Services):
    """Kafka, Redis, workers and the world around them, all on loopback.

    Use it as a context manager, or call `stop`; a kernel that dies ends it all the same.
    """

    def __init__(self, folder: Path, *, owner: subprocess.Popen[bytes] | None, say: Say) -> None:
        super().__init__(folder, say=say)
        self._owner = owner
        self._owner_pid = os.getpid()
        self.up_after_s: float | None = None
        """How long it took to come up; None where it was up already."""
        # How to reach what is this stack's alone on given servers; None where nothing is.
        self._made_there: Settings | None = None

    @classmethod
    def start(
        cls,
        *,
        scenario: Scenario | None = None,
        ports: Mapping[str, int] | None = None,
        application: bool = True,
        only: Sequence[str] = (),
        servers: Servers | None = None,
        kafka: str = "",
        redis: Mapping[str, str] | None = None,
        backend: str = "auto",
        kafka_version: str = "",
        tls: bool = False,
        say: Say = _print,
    ) -> "Stack":
        """A new stack with everything up and ready.

        Args:
            scenario: sizes the system: partitions, dispatchers, workers, items per request.
            ports: ports to take instead of free ones, by service name.
            application: whether dispatchers, workers and the world come up too.
            only: names of the services to start; all when empty.
            servers: that are there already; those of the file in EUREKE_SERVERS when None.
            kafka: in place of `servers`, the address of a broker that is there, host:port.
            redis: in place of `servers`, URLs of Redis servers `queue` and `cache`.
            backend: `containers`, `processes`, or `auto`: what EUREKE_BACKEND says, else
                containers where a Docker engine and the images can be had, else processes.
            kafka_version: of the broker's image, with containers.
            tls: whether Nginx speaks TLS too, at the address `nginx.tls`; `authority` is the file
                by which its certificate is checked.
            say: is told what comes up, a line each.

        Raises:
            BadParameter: a port that was asked for is taken.
            ServiceFailed: a service did not come up, or a given server will not do; nothing is
                left running.
        """
        began_s = time.monotonic()
        for line in clean():
            say(line)
        given = Servers.chosen(servers, kafka=kafka, redis=redis or {})
        sizes = scenario or Scenario()
        choice = choose(backend, given=given, kafka_version=kafka_version, say=say)
        say(f"servers run as {choice.backend}: {choice.reason}")
        if sizes.monitoring and application:
            choice = monitored(choice, say=say)

        def state() -> State:
            return new_state(
                sizes,
                ports=ports or {},
                application=application,
                servers=given,
                choice=choice,
                tls=tls,
            )

        try:
            stack = cls._start(sizes, state(), only, say)
        except PortLost as error:
            say(f"{error.what.splitlines()[0]}: starting again with other ports")
            stack = cls._start(sizes, state(), only, say)
        stack.up_after_s = time.monotonic() - began_s
        return stack

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
