"""An engine that is not on this machine, or outside of the container this is."""

from pathlib import Path
from typing import Any

import pytest
from docker.errors import ImageNotFound

from eureke.errors import ServiceFailed
from eureke.stack import engine as room
from eureke.stack.engine import Engine


class Pulled:
    """An engine that is fetching an image."""

    def __init__(self, lines: list[dict[str, Any]]) -> None:
        self._lines = lines
        self.images = self.api = self

    def get(self, name: str) -> None:
        raise ImageNotFound(name)

    def pull(self, name: str, tag: str, **_options: bool) -> list[dict[str, Any]]:
        assert (name, tag) == ("apache/kafka", "1")
        return self._lines


class Told:
    """An engine that tells of itself what the test says."""

    def __init__(self, *, subnet: str = "198.51.100.0/24", security: tuple[str, ...] = ()) -> None:
        self._subnet, self._security = subnet, security
        self.client = self
        self.networks = self

    def version(self) -> dict[str, str]:
        return {"Version": "1"}

    def info(self) -> dict[str, Any]:
        return {"SecurityOptions": list(self._security)}

    def get(self, _name: str) -> Any:
        self.attrs = {"IPAM": {"Config": [{"Subnet": self._subnet}]}}
        return self


@pytest.fixture
def inside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As if this were a container."""
    monkeypatch.setattr(room, "IN_A_CONTAINER", (tmp_path,))


def connect(told: Told, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.setattr(room, "DockerClient", lambda **_: told)
    return Engine.connect()


@pytest.mark.parametrize("host", ["tcp://192.0.2.1:2375", "ssh://me@elsewhere.example"])
def test_an_engine_of_another_machine(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Load goes to loopback only, and its containers' ports are not there."""
    monkeypatch.setenv("DOCKER_HOST", host)
    with pytest.raises(ServiceFailed, match="on another machine"):
        connect(Told(), monkeypatch)


def test_an_engine_outside_of_our_container(inside: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence in place of time-outs."""
    with pytest.raises(ServiceFailed, match="its Docker engine runs outside of it"):
        connect(Told(), monkeypatch)


@pytest.mark.parametrize(
    "told", [Told(subnet="127.0.0.0/8"), Told(security=("name=seccomp", "name=rootless"))]
)
def test_an_engine_beside_us(inside: None, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its bridge is an interface of ours; or it is rootless and forwards to our loopback."""
    assert connect(told, monkeypatch).version == "1"


def test_an_image_on_its_way_is_seen_to_come(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its size is known layer by layer."""
    monkeypatch.setattr("eureke.progress.APART_S", 0.0)  # it comes at once here
    layers = [("a", 50, 100), ("b", 100, 100), ("a", 100, 100)]
    lines = [
        {"status": "Downloading", "id": id_, "progressDetail": {"current": now, "total": total}}
        for id_, now, total in layers
    ]
    Engine(Pulled([{"status": "Pulling"}, *lines]), "1").have("apache/kafka:1", say=print)
    out, err = capsys.readouterr()
    assert out == "fetching the image apache/kafka:1\n"
    assert [line.split("%")[0].split()[-1] for line in err.splitlines()] == ["50", "70", "100"]


def test_an_image_that_is_refused_on_its_way() -> None:
    """A registry may say no in the middle."""
    engine = Engine(Pulled([{"error": "manifest unknown"}]), "1")
    with pytest.raises(ServiceFailed, match="cannot be fetched: manifest unknown"):
        engine.have("apache/kafka:1", say=print)


def test_an_engine_that_does_not_answer_holds_nothing_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The time limit of a question is short."""
    asked: dict[str, Any] = {}

    def client(**options: Any) -> Told:
        asked.update(options)
        return Told()

    monkeypatch.setattr(room, "DockerClient", client)
    monkeypatch.setattr(room, "IN_A_CONTAINER", ())
    Engine.connect()
    assert asked["timeout"] <= 10
