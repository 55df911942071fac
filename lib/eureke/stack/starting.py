"""Starting: services come up in parallel, each as soon as those it needs are ready."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaException

from eureke.errors import BadParameter, ServiceFailed
from eureke.settings import Settings
from eureke.stack import readiness
from eureke.stack.addresses import address
from eureke.stack.containers import render_container
from eureke.stack.control import ask
from eureke.stack.folder import shared, unwritable
from eureke.stack.ports import holder
from eureke.stack.processes import render
from eureke.stack.service import Service
from eureke.stack.state import State
from eureke.stack.topics import make_topics

Say = Callable[[str], None]

_TAKEN = ("address already in use", "port is already allocated")


class PortLost(ServiceFailed):
    """A port that was free when it was chosen was taken before the service had it."""


class Starter:
    """Starts services of one stack through its supervisor and waits until they are ready."""

    def __init__(self, folder: Path, state: State, *, say: Say) -> None:
        self._folder = folder
        self._state = state
        self._say = say

    def bring_up(self, services: Sequence[Service]) -> None:
        """Starts the services; returns when all are ready.

        Raises:
            ServiceFailed: one did not come up; the others are no longer waited for.
        """
        ready = {service.name: threading.Event() for service in services}
        abandoned = threading.Event()
        with ThreadPoolExecutor(max_workers=len(services)) as pool:
            coming = [pool.submit(self._bring_up, each, ready, abandoned) for each in services]
            try:
                for done in as_completed(coming):
                    done.result()
            except BaseException:
                abandoned.set()
                raise

    def _bring_up(
        self, service: Service, ready: Mapping[str, threading.Event], abandoned: threading.Event
    ) -> None:
        for need in service.needs:
            while need in ready and not ready[need].wait(readiness.PAUSE_S):
                if abandoned.is_set():
                    raise readiness.Abandoned
        began_s = time.monotonic()
        self.spawn(service)
        self._await_ready(service, abandoned)
        ready[service.name].set()
        self._say(f"{service.name:20} ready after {time.monotonic() - began_s:4.1f} s")

    def spawn(self, service: Service) -> None:
        """Starts a service and waits for nothing."""
        contained = self._state.backend == "containers" and service.container is not None
        fields: dict[str, Any] = {"name": service.name, "side": service.side}
        fields["needs"] = service.needs
        try:
            (shared(self._folder) / "ready" / service.name).unlink(missing_ok=True)
            if contained:
                spec = render_container(service, run=self._folder, state=self._state)
                fields["spec"] = asdict(spec)
            else:
                rendered = render(service, run=self._folder, state=self._state)
                fields["commands"] = rendered.commands
                fields["environment"] = rendered.environment
                fields["cwd"] = str(rendered.folder)
        except OSError as error:
            raise unwritable(error) from error
        try:
            ask(self._folder, "contain" if contained else "start", timeout_s=60, **fields)
        except ServiceFailed as error:
            if any(words in error.what for words in _TAKEN):
                raise PortLost(
                    f"{service.name} lost {self._lost(service.name)}: {error.what}",
                    remedy=error.remedy,
                ) from error
            raise

    def write_files(self, service: Service) -> None:
        """Writes its files as they are to be now, in place: what is mounted is that very file."""
        make = render_container if self._state.backend == "containers" else render
        make(service, run=self._folder, state=self._state)

    def failed(self, name: str, trouble: str) -> ServiceFailed:
        """The error for a service that did not do as it should, with what it said last."""
        log = self.logs(name, 200)
        lost = bool(self._ports(name)) and _TAKEN[0] in log.lower()
        if lost:
            trouble = f"lost {self._lost(name)}"
        last = "\n".join(log.splitlines()[-20:])
        return (PortLost if lost else ServiceFailed)(
            f"{name} {trouble}\nits log ends with:\n{last}",
            remedy=f"the whole log is {self._folder / 'logs' / name}.log; `eureke doctor` checks "
            "what this machine lacks",
        )

    def _ports(self, name: str) -> list[int]:
        return [port for key, port in self._state.ports.items() if key.partition(".")[0] == name]

    def _lost(self, name: str) -> str:
        """The ports of a service, with whoever holds them now."""
        held = [f"{port}{holder(port)}" for port in self._ports(name)]
        return f"its port {held[0]}" if len(held) == 1 else f"one of its ports {', '.join(held)}"

    def logs(self, name: str, lines: int) -> str:
        """The last lines a service has written.

        Raises:
            BadParameter: it never wrote any.
        """
        path = self._folder / "logs" / f"{name}.log"
        if not path.exists():
            known = ", ".join(sorted(each.stem for each in path.parent.glob("*.log")))
            raise BadParameter(f"there is no log of {name!r}", remedy=f"one of: {known}")
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])

    def _await_ready(self, service: Service, abandoned: threading.Event) -> None:
        settings = Settings.read(self._folder / "settings.json")

        def exit_code() -> int | None:
            code: int | None = ask(self._folder, "status")[service.name]["exit_code"]
            return code

        trouble = readiness.until_ready(
            self._probe(service, settings),
            deadline_s=service.deadline_s,
            exit_code=exit_code,
            abandoned=abandoned,
        )
        if trouble:
            raise self.failed(service.name, trouble)
        if service.probe == "kafka":
            try:
                make_topics(settings)
            except KafkaException as error:
                raise self.failed(service.name, f"does not make the topics: {error}") from error

    def _probe(self, service: Service, settings: Settings) -> Callable[[], str]:
        match service.probe:
            case "kafka":
                return lambda: readiness.kafka_ready(settings)
            case "redis":
                queue = service.name == "redis-queue"
                url = settings.redis_queue if queue else settings.redis_cache
                return lambda: readiness.redis_ready(url)
            case "postgres":
                return lambda: readiness.database_ready(settings.users_url)
            case "http":
                at = address(self._state, service.name)
                return lambda: readiness.http_ready(f"http://{at}{service.health}")
            case "file":
                path = shared(self._folder) / "ready" / service.name
                return lambda: readiness.file_ready(path)
