"""What the servers and clients of a stack are really told: read, never typed.

Files are those in the run folder; what our own processes tell their clients is asked of the very
functions by which they do it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from string import Template
from typing import Any, Final, NamedTuple

from sqlalchemy.engine import make_url

from eureke.settings import Settings
from eureke.stack.composition import services
from eureke.stack.service import Container, Service
from eureke.stack.services import Services
from eureke.stack.state import State, read_state


class Configured(NamedTuple):
    """The settings of one server, and where they were read."""

    origin: str
    settings: dict[str, str]


SECRET: Final = re.compile("requirepass|password|token", re.IGNORECASE)
HIDDEN: Final = "(set, of this run)"
_OURS: Final = "lib/eureke"
_REDIS: Final = re.compile(r"^(?P<name>[a-z-]+) (?P<value>.+)$", re.MULTILINE)
_PROPERTY: Final = re.compile(r"^(?P<name>[a-z.]+)=(?P<value>.*)$", re.MULTILINE)
_NGINX: Final = re.compile(r"^\s*(?P<name>[a-z_]+)(?:[ ]+(?P<value>[^;{}]+))?;$", re.MULTILINE)
_YAML: Final = re.compile(r"^[ -]*(?P<name>[a-z_]+): (?P<value>.+)$", re.MULTILINE)
_JAVA: Final = re.compile(r"^(?P<name>-Xm[sx]|-XX:\+?\w+)=?(?P<value>[\w-]*)$")
_POSTGRES: Final = re.compile(r"^(?P<name>[a-z_]+)=(?P<value>\S+)$", re.MULTILINE)
_PRAGMAS: Final = ("journal_mode", "busy_timeout", "synchronous", "foreign_keys")


def configured(stack: Services) -> dict[str, Configured]:
    """Every setting of the servers and clients that this stack has, by its own name.

    Of a server that was given, its owner decides: it is left out.
    """
    found = dict(_servers(stack))
    found |= _clients(stack.settings)
    if (database := _sqlite(stack.settings)) is not None:
        found["sqlite"] = database
    return {
        server: each._replace(
            settings={
                name: HIDDEN if SECRET.search(name) else value
                for name, value in each.settings.items()
            }
        )
        for server, each in found.items()
    }


def _servers(stack: Services) -> Iterable[tuple[str, Configured]]:
    state = read_state(stack.folder)
    every = {each.name: each for each in services(state)}
    for name, files, form in (
        ("redis-queue", ("redis.conf",), _REDIS),
        ("redis-cache", ("redis.conf",), _REDIS),
        ("nginx", ("nginx.conf", "upstream.conf"), _NGINX),
        ("prometheus", ("prometheus.yml",), _YAML),
    ):
        if name in every:
            paths = [stack.folder / "data" / name / file for file in files]
            text = "\n".join(path.read_text() for path in paths)
            yield name, Configured(_told(paths, stack), _read(text, form))
    if "kafka" in every:
        yield "kafka", _kafka(stack, every["kafka"], state)
    if "postgres" in every:
        command = _container(every["postgres"]).command or ()
        yield "postgres", Configured("its command", _read("\n".join(command), _POSTGRES))


def _kafka(stack: Services, kafka: Service, state: State) -> Configured:
    """By a file, or by the environment of its container; and what Java is told."""
    blanks = {"published": str(state.ports[kafka.name]), "compiler_level": state.compiler_level}
    if stack.backend == "processes":
        path = stack.folder / "data" / kafka.name / "server.properties"
        java = _options(Template(word).safe_substitute(blanks) for word in kafka.command)
        origin = f"{_told([path], stack)}, its command"
        return Configured(origin, _read(path.read_text(), _PROPERTY) | java)
    told = {
        name.removeprefix("KAFKA_").lower().replace("_", "."): Template(value).safe_substitute(
            blanks
        )
        for name, value in _container(kafka).environment.items()
    }
    words = [word for value in told.values() for word in value.split()]
    return Configured("its environment", told | _options(words))


def _options(command: Iterable[str]) -> dict[str, str]:
    matches = (_JAVA.match(word) for word in command)
    return {each["name"]: each["value"] or "on" for each in matches if each}


def _container(service: Service) -> Container:
    return service.container or Container()


def _read(text: str, form: re.Pattern[str]) -> dict[str, str]:
    """The settings of a text; one that stands there more than once has all its values."""
    values: dict[str, list[str]] = {}
    for each in form.finditer(text):
        value = " ".join((each["value"] or "on").split())
        if value not in (known := values.setdefault(each["name"], [])):
            known.append(value)
    return {name: " | ".join(known) for name, known in values.items()}


def _clients(settings: Settings) -> dict[str, Configured]:
    # Imported here: they bring Celery along, and whoever only learns has no need of it.
    from eureke.pipeline import app, log, receipts  # noqa: PLC0415
    from eureke.world import sender  # noqa: PLC0415

    lane = settings.lane("bulk")
    limits = _public(asdict(settings))
    reads = log.configuration(settings, lane, name="dispatcher-bulk-1")
    return {
        "celery": _ours("pipeline/app.py", app.configuration(settings, lane)),
        "sender": _ours("world/sender.py", sender.configuration(settings, paced=True)),
        "dispatcher": _ours("pipeline/log.py, settings.json", reads | limits),
        "worker": _ours(
            "pipeline/receipts.py, settings.json", receipts.configuration(settings) | limits
        ),
    }


def _ours(module: str, values: Mapping[str, Any]) -> Configured:
    return Configured(f"{_OURS}/{module}", dict(_flat(values)))


def _flat(values: Mapping[str, Any], before: str = "") -> Iterable[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", str(value)


def _public(limits: Mapping[str, Any]) -> dict[str, Any]:
    """The limits, without the addresses: these hold passwords."""
    return {name: value for name, value in limits.items() if not isinstance(value, (str, dict))} | {
        "commit": limits["commit"]
    }


def _sqlite(settings: Settings) -> Configured | None:
    url = make_url(settings.users_url)
    if url.drivername != "sqlite":
        return None
    # Imported here: as above.
    from eureke.pipeline.directory import Directory  # noqa: PLC0415

    directory = Directory(settings.users_url)
    try:
        with directory.engine.connect() as connection:
            told = {
                name: str(connection.exec_driver_sql(f"PRAGMA {name}").scalar())
                for name in _PRAGMAS
            }
    finally:
        directory.close()
    return Configured("asked of the database", told)


def _told(paths: Iterable[Path], stack: Services) -> str:
    return ", ".join(str(path.relative_to(stack.folder)) for path in paths)
