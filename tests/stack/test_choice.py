"""Containers or processes, and the reason: what is asked for, what this machine can."""

import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker.errors import APIError

from eureke.errors import BadParameter, ServiceFailed
from eureke.settings import IMAGES
from eureke.stack import choice
from eureke.stack.choice import BACKEND_VARIABLE, choose
from eureke.stack.engine import Engine
from eureke.stack.servers import Servers
from eureke.stack.service import OURS

NOTHING_GIVEN = Servers()
GIVEN = Servers(redis={"cache": "redis://127.0.0.1:1/0"})
MISSING = "eureke.invalid/nobody/has-this:1"


def quiet(_line: str) -> None:
    """Says nothing."""


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """An address where no engine listens."""
    where = f"unix://{tmp_path}/engine.sock"
    monkeypatch.setenv("DOCKER_HOST", where)
    return where


def test_auto_takes_containers_where_an_engine_has_the_images(engine: Engine) -> None:
    """Official images and stand-ins are told apart; our own is built."""
    found = choose("auto", given=NOTHING_GIVEN, say=quiet, environment={})
    assert found.backend == "containers"
    assert engine.version in found.reason
    assert engine.has(found.images[OURS])
    assert found.stand_ins == engine.stand_ins(found.images.values())


def test_auto_takes_processes_where_no_engine_answers(no_engine: str) -> None:
    """And says what it tried."""
    found = choose("auto", given=NOTHING_GIVEN, say=quiet, environment={})
    assert found.backend == "processes"
    assert found.reason.startswith(f"no Docker engine answers at {no_engine}")


def test_containers_asked_for_by_name_are_no_wish(no_engine: str) -> None:
    """The error names what was tried and the remedy."""
    with pytest.raises(ServiceFailed, match="no Docker engine answers") as caught:
        choose("containers", given=NOTHING_GIVEN, say=quiet)
    assert "--backend processes" in caught.value.remedy


def test_an_image_that_cannot_be_had(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing, and the registry away: processes by themselves, an error where asked for."""
    monkeypatch.setattr(choice, "IMAGES", IMAGES | {"kafka": MISSING})
    found = choose("auto", given=NOTHING_GIVEN, say=quiet, environment={})
    assert found.backend == "processes"
    assert found.reason.startswith(f"the image {MISSING} is not there and cannot be fetched")
    with pytest.raises(ServiceFailed, match="cannot be fetched") as caught:
        choose("containers", given=NOTHING_GIVEN, say=quiet)
    assert f"docker pull {MISSING}" in caught.value.remedy


def test_an_engine_that_fails_after_all(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its disk is full, for one: processes by themselves, an error where asked for."""

    def full(*_: object) -> None:
        raise APIError("no space left on device")

    monkeypatch.setattr(Engine, "sweep", full)
    found = choose("auto", given=NOTHING_GIVEN, say=quiet, environment={})
    assert found.backend == "processes"
    assert "no space left on device" in found.reason
    with pytest.raises(ServiceFailed, match="no space left") as caught:
        choose("containers", given=NOTHING_GIVEN, say=quiet)
    assert "--backend processes" in caught.value.remedy


def test_a_missing_reaper_is_said_and_no_more(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The supervisor removes what it made; the reaper is for when it cannot."""
    monkeypatch.setattr(choice, "IMAGES", IMAGES | {"reaper": MISSING})
    said: list[str] = []
    assert choose("containers", given=NOTHING_GIVEN, say=said.append).backend == "containers"
    assert any(MISSING in line for line in said)


def test_the_environment_says_what_auto_means(engine: Engine) -> None:
    """A command line tells a notebook's kernel by it; a parameter of the notebook wins."""
    told = {BACKEND_VARIABLE: "processes"}
    assert choose("auto", given=NOTHING_GIVEN, say=quiet, environment=told).backend == "processes"
    found = choose("containers", given=NOTHING_GIVEN, say=quiet, environment=told)
    assert (found.backend, found.reason) == ("containers", "asked for")


@pytest.mark.parametrize("wanted", ["", "docker", "Containers"])
def test_an_unknown_backend(wanted: str) -> None:
    """The answer names those there are."""
    with pytest.raises(BadParameter, match="there is no backend") as caught:
        choose(wanted, given=NOTHING_GIVEN, say=quiet)
    assert "auto, containers, processes" in caught.value.remedy


def test_given_servers_go_with_processes() -> None:
    """What listens on this machine's loopback cannot be reached from a container."""
    found = choose("auto", given=GIVEN, say=quiet, environment={})
    assert (found.backend, found.reason) == ("processes", choice.REFUSED)
    with pytest.raises(BadParameter, match="given servers"):
        choose("containers", given=GIVEN, say=quiet)


def test_another_version_of_kafka(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is another image; as a process there is one version only."""
    asked: list[str] = []
    monkeypatch.setattr(Engine, "have", lambda _, image, **__: asked.append(image))
    monkeypatch.setattr(Engine, "stand_ins", lambda *_: {})
    found = choose("containers", given=NOTHING_GIVEN, say=quiet, kafka_version="4.0.0")
    assert found.images["kafka"] == "apache/kafka:4.0.0"
    assert "apache/kafka:4.0.0" in asked
    with pytest.raises(BadParameter, match="locked to one version"):
        choose("processes", given=NOTHING_GIVEN, say=quiet, kafka_version="4.0.0")


@pytest.fixture
def forbidden() -> Iterator[str]:
    """A socket of an engine that this process may not use."""
    if os.getuid() == 0:
        yield ""
        return
    with tempfile.TemporaryDirectory(prefix="eureke") as name, socket.socket(socket.AF_UNIX) as own:
        path = f"{name}/engine.sock"
        own.bind(path)
        own.listen()
        Path(path).chmod(0)
        yield path


def test_a_user_who_may_not_use_the_engine(forbidden: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is told so, and how to be let in; root may always."""
    if forbidden:
        monkeypatch.setenv("DOCKER_HOST", f"unix://{forbidden}")
    else:
        monkeypatch.setattr("eureke.stack.engine.DockerClient", _refused)
    with pytest.raises(ServiceFailed, match="this user may not talk to the Docker engine") as told:
        Engine.connect()
    assert "group docker" in told.value.remedy


def _refused(**_options: object) -> None:
    raise PermissionError(13, "Permission denied")
