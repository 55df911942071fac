"""A stack: servers and processes started in order of need, watched, attached to and ended."""

import atexit
import base64
import contextlib
import signal as signals
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from eureke.errors import BadParameter, ServiceFailed
from eureke.scenario import Scenario
from eureke.settings import Settings
from eureke.stack import catalogue, readiness
from eureke.stack.control import ask
from eureke.stack.folder import (
    State,
    clean,
    fresh_token,
    new_folder,
    newest,
    owner_environment,
    read_state,
    remove_data,
)
from eureke.stack.ports import check_free, free_ports
from eureke.stack.processes import render, run_first
from eureke.stack.service import Service, ServiceStatus, Side

Say = Callable[[str], None]


def _print(line: str) -> None:
    print(line, flush=True)


class Stack:
    """Kafka, Redis, workers and the world around them, all on loopback.

    Use it as a context manager, or call `stop`; a kernel that dies ends it all the same.
    """

    backend = "processes"
    backend_reason = "containers come with a later version of eureke"

    def __init__(self, folder: Path, *, owner: subprocess.Popen[bytes] | None, say: Say) -> None:
        self.folder = folder
        self._owner = owner
        self._say = say
        self._state = read_state(folder)
        self._services = {each.name: each for each in _services(self._state)}

    @classmethod
    def start(
        cls,
        *,
        scenario: Scenario | None = None,
        ports: Mapping[str, int] | None = None,
        application: bool = True,
        only: Sequence[str] = (),
        say: Say = _print,
    ) -> "Stack":
        """A new stack with everything up and ready.

        Args:
            scenario: sizes the system: partitions, dispatchers, workers, items per request.
            ports: ports to take instead of free ones, by service name.
            application: whether dispatchers, workers and the world come up too.
            only: names of the services to start; all when empty.
            say: is told what comes up, a line each.

        Raises:
            BadParameter: a port that was asked for is taken.
            ServiceFailed: a service did not come up; nothing is left running.
        """
        clean()
        try:
            return cls._start(scenario or Scenario(), ports or {}, application, only, say)
        except ServiceFailed as error:
            if "Address already in use" not in str(error) or ports:
                raise
            say("a free port was taken by somebody else meanwhile: starting again")
            return cls._start(scenario or Scenario(), {}, application, only, say)

    @classmethod
    def _start(
        cls,
        scenario: Scenario,
        ports: Mapping[str, int],
        application: bool,
        only: Sequence[str],
        say: Say,
    ) -> "Stack":
        state = _new_state(scenario, ports, application)
        folder = new_folder()
        state.write(folder)
        _settings(scenario, state).write(folder / "settings.json")
        stack = cls(folder, owner=_supervise(folder, state.token), say=say)
        atexit.register(stack.stop)
        try:
            stack._bring_up(only or tuple(stack._services))
        except BaseException:
            stack.stop()
            raise
        return stack

    @classmethod
    def attach(cls, folder: Path | None = None, *, say: Say = _print) -> "Stack":
        """A stack that is up already: the newest one, or that of the run folder."""
        found = folder or newest()
        ask(found, "status")
        return cls(found, owner=None, say=say)

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
    def settings(self) -> Settings:
        """Addresses and limits, as the processes of the stack have them."""
        return Settings.read(self.folder / "settings.json")

    def stop(self) -> None:
        """Ends everything; a stack that was attached to goes on (`down` ends that)."""
        if self._owner is None:
            return
        owner, self._owner = self._owner, None
        atexit.unregister(self.stop)
        if owner.stdin:
            owner.stdin.close()
        owner.wait(60)
        remove_data(self.folder)

    def down(self) -> None:
        """Ends everything, whoever started it."""
        with contextlib.suppress(ServiceFailed):
            ask(self.folder, "down")
        _until(lambda: not (self.folder / "supervisor.sock").exists(), deadline_s=30)
        if self._owner is not None:
            self.stop()
        else:
            remove_data(self.folder)

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
        self._service(name)
        ask(self.folder, "stop", name=name)
        if settings is not None:
            settings.write(self.folder / "settings.json")
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

    def launch(self, name: str, module: str, *arguments: str, side: Side = "equipment") -> None:
        """Starts a process of ours that ends by itself; `wait` waits for it."""
        one_shot = Service(
            name=name,
            side=side,
            command=("$python", "-m", module, *arguments),
            probe="file",
        )
        self._spawn(one_shot)

    def wait(self, name: str, *, timeout_s: float) -> int:
        """The exit code of a process that ends by itself.

        Raises:
            ServiceFailed: it failed, or did not end in time; with the last lines of its log.
        """
        limit_s = time.monotonic() + timeout_s
        while time.monotonic() < limit_s:
            code = ask(self.folder, "wait", name=name, timeout_s=0.5)
            if code == 0:
                return 0
            if code is not None:
                raise self._failed(name, f"ended with exit code {code}")
        raise self._failed(name, f"did not end within {timeout_s:.0f} s")

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
        path = self.folder / "logs" / f"{name}.log"
        if not path.exists():
            known = ", ".join(sorted(each.stem for each in path.parent.glob("*.log")))
            raise BadParameter(f"there is no log of {name!r}", remedy=f"one of: {known}")
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])

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

    def _service(self, name: str) -> Service:
        try:
            return self._services[name]
        except KeyError:
            raise BadParameter(
                f"there is no service {name!r}", remedy=f"one of: {', '.join(self._services)}"
            ) from None

    def _bring_up(self, names: Sequence[str]) -> None:
        """Starts services in parallel, each as soon as those it needs are ready."""
        ready = {name: threading.Event() for name in names}
        failed = threading.Event()

        def bring_up(name: str) -> None:
            service = self._service(name)
            began_s = time.monotonic()
            try:
                for need in service.needs:
                    while need in ready and not ready[need].wait(0.05):
                        if failed.is_set():
                            return
                self._spawn(service)
                self._await_ready(service)
            except BaseException:
                failed.set()
                raise
            ready[name].set()
            self._say(f"{name:14} ready after {time.monotonic() - began_s:4.1f} s")

        with ThreadPoolExecutor(max_workers=len(names)) as pool:
            for done in [pool.submit(bring_up, name) for name in names]:
                done.result()

    def _spawn(self, service: Service) -> None:
        rendered = render(
            service,
            run=self.folder,
            ports=self._state.ports,
            passwords=self._state.passwords,
            cluster_id=self._state.cluster_id,
        )
        (self.folder / "ready" / service.name).unlink(missing_ok=True)
        run_first(rendered, service)
        ask(
            self.folder,
            "start",
            name=service.name,
            command=rendered.command,
            environment=rendered.environment,
            side=service.side,
            cwd=str(rendered.folder),
        )

    def _await_ready(self, service: Service) -> None:
        def alive() -> bool:
            return bool(ask(self.folder, "status")[service.name]["exit_code"] is None)

        trouble = readiness.until_ready(
            self._probe(service), deadline_s=service.deadline_s, alive=alive
        )
        if trouble:
            raise self._failed(service.name, trouble)
        if service.name == catalogue.KAFKA.name:
            readiness.make_topics(self.settings)

    def _probe(self, service: Service) -> Callable[[], str]:
        settings = self.settings
        match service.probe:
            case "kafka":
                return lambda: readiness.kafka_ready(settings)
            case "redis":
                queue = service.name == catalogue.REDIS_QUEUE.name
                url = settings.redis_queue if queue else settings.redis_cache
                return lambda: readiness.redis_ready(url)
            case "http":
                return lambda: readiness.http_ready(f"{settings.provider_url}/health")
            case "file":
                path = self.folder / "ready" / service.name
                return lambda: readiness.file_ready(path)

    def _failed(self, name: str, trouble: str) -> ServiceFailed:
        return ServiceFailed(
            f"{name} {trouble}; its log ends with:\n{self.logs(name)}",
            remedy=f"the whole log is {self.folder / 'logs' / name}.log; `eureke doctor` checks "
            "what this machine lacks",
        )


def _services(state: State) -> list[Service]:
    services = list(catalogue.INFRASTRUCTURE)
    if state.application:
        services += [catalogue.PROVIDER, catalogue.OBSERVER, catalogue.SAMPLER]
        services += [catalogue.dispatcher(number + 1) for number in range(state.dispatchers)]
        services += [catalogue.worker(number + 1) for number in range(state.workers)]
    return services


def _new_state(scenario: Scenario, ports: Mapping[str, int], application: bool) -> State:
    wanted = [
        f"{service.name}.{port}" if port else service.name
        for service in (*catalogue.INFRASTRUCTURE, catalogue.PROVIDER)
        for port in service.ports
    ]
    for name, port in ports.items():
        if name not in wanted:
            raise BadParameter(
                f"{name!r} has no port to choose", remedy=f"one of: {', '.join(wanted)}"
            )
        check_free(port, service=name)
    return State(
        token=fresh_token(),
        cluster_id=_cluster_id(),
        ports=dict(zip(wanted, free_ports(len(wanted)), strict=True)) | dict(ports),
        passwords={name: fresh_token() for name in ("redis-queue", "redis-cache")},
        dispatchers=scenario.dispatchers,
        workers=scenario.workers,
        application=application,
    )


def _cluster_id() -> str:
    """Sixteen random bytes as Kafka writes them; one that begins with a dash reads as an option."""
    while (made := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith(
        "-"
    ):
        continue
    return made


def _settings(scenario: Scenario, state: State) -> Settings:
    def redis(name: str) -> str:
        return f"redis://:{state.passwords[name]}@127.0.0.1:{state.ports[name]}/0"

    settings = Settings(
        kafka=f"127.0.0.1:{state.ports['kafka']}",
        redis_queue=redis("redis-queue"),
        redis_cache=redis("redis-cache"),
        provider_url=f"http://127.0.0.1:{state.ports['provider']}",
    )
    return replace(
        settings,
        partitions=scenario.partitions,
        provider_items_per_request=scenario.provider_items_per_request,
    )


def _supervise(folder: Path, token: str) -> subprocess.Popen[bytes]:
    with (folder / "logs" / "supervisor.log").open("wb") as log:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "eureke.stack.supervisor", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=owner_environment(token),
            start_new_session=True,
        )
    assert supervisor.stdout is not None  # noqa: S101  it is a pipe, as asked
    if supervisor.stdout.readline() != b"ready\n":
        raise ServiceFailed(
            f"the supervisor did not start: {(folder / 'logs' / 'supervisor.log').read_text()}",
            remedy="`eureke doctor` checks what this machine lacks",
        )
    return supervisor


def _until(condition: Callable[[], bool], *, deadline_s: float) -> None:
    limit_s = time.monotonic() + deadline_s
    while not condition() and time.monotonic() < limit_s:
        time.sleep(0.05)
