"""What only containers can be asked: limits, isolation, orphans, and an engine that dies."""

import contextlib
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from confluent_kafka import Consumer, TopicPartition
from testcontainers.core.config import testcontainers_config
from tests.stack.conftest import Living, StartOwner, alive, made_with_engine, quiet
from tests.waiting import wait_until

from eureke.errors import ServiceFailed
from eureke.measure.results import list_results
from eureke.notification import Receipt
from eureke.run import Run
from eureke.scenario import Scenario
from eureke.settings import IMAGES
from eureke.stack.engine import LABEL, Engine
from eureke.stack.leftovers import clean_engine
from eureke.stack.service import OURS
from eureke.stack.stack import Stack

Eventually = Callable[[Callable[[], bool]], None]
Family = Callable[[Path], list[Living]]
WITHOUT_REAPER = {"TESTCONTAINERS_RYUK_DISABLED": "true"}


def inspected(engine: Engine, stack: Stack) -> dict[str, dict[str, Any]]:
    """What the engine knows of each of a stack's containers, by the service's name."""
    marked = {"label": f"{LABEL}={stack.folder}"}
    found = engine.client.containers.list(all=True, filters=marked)
    beginning = f"eureke-{stack.folder.name}-"
    return {each.name.removeprefix(beginning): each.attrs for each in found}


def ours(stack: Stack, found: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Those of our own image."""
    image = stack.images[OURS].partition(" ")[0]
    return {name: each for name, each in found.items() if each["Config"]["Image"] == image}


def test_ports_are_on_loopback_only(engine: Engine, contained: Stack) -> None:
    """The reaper's included: testcontainers by itself publishes to everybody."""
    everything = engine.client.containers.list(filters={"label": "org.testcontainers"})
    published = [
        address["HostIp"]
        for each in everything
        for addresses in each.attrs["NetworkSettings"]["Ports"].values()
        for address in addresses or ()
    ]
    assert len(published) >= len(contained.addresses)
    assert set(published) == {"127.0.0.1"}


def test_a_network_of_their_own(engine: Engine, contained: Stack) -> None:
    """Containers of a stack share one network, and no other is on it."""
    [network] = engine.client.networks.list(filters={"label": f"{LABEL}={contained.folder}"})
    for each in inspected(engine, contained).values():
        assert list(each["NetworkSettings"]["Networks"]) == [network.name]


def test_limits(engine: Engine, contained: Stack) -> None:
    """Each has a limit of memory, of cores and of processes."""
    found = inspected(engine, contained)
    assert {"kafka", "redis-queue", "redis-cache", "postgres", "provider"} <= set(found)
    for name, each in found.items():
        limits = each["HostConfig"]
        assert 0 < limits["Memory"] <= 2 << 30, name
        assert 0 < limits["NanoCpus"] <= 2e9, name
        assert limits["PidsLimit"] > 0, name


def test_our_image_is_hardened(engine: Engine, contained: Stack) -> None:
    """Not root, a root file system that cannot be written, no capabilities, a health check."""
    found = ours(contained, inspected(engine, contained))
    assert {"dispatcher-bulk-1", "worker-bulk-1", "provider", "observer"} <= set(found)
    for name, each in found.items():
        host, config = each["HostConfig"], each["Config"]
        assert config["User"].partition(":")[0] not in ("", "0", "root"), name
        assert host["ReadonlyRootfs"] is True, name
        assert host["CapDrop"] == ["ALL"], name
        assert "no-new-privileges" in host["SecurityOpt"], name
        assert config["Healthcheck"]["Test"], name


def test_a_container_sees_the_shared_folder_and_nothing_else(
    engine: Engine, contained: Stack
) -> None:
    """Neither the passwords of others nor the supervisor's socket."""
    for each in ours(contained, inspected(engine, contained)).values():
        assert [mount["Source"] for mount in each["Mounts"]] == [str(contained.shared)]


def test_receipts_come_from_a_container(engine: Engine, contained: Stack, tmp_path: Path) -> None:
    """The worker's host name in them is a container's, so nothing ran beside it."""
    few = Scenario(count=200, users=2_000, urgent_per_s=0, warm_up=0, open_loop_s=0)
    run = Run.begin(few, contained, results_folder=tmp_path, floor=False)
    assert run.flat_out().account.closes
    assert run.close().run["backend"] == "containers"
    at = TopicPartition(contained.settings.receipts, 0, 0)
    consumer = Consumer({**contained.settings.kafka_client, "group.id": "test"})
    with contextlib.closing(consumer):
        consumer.assign([at])
        received = consumer.consume(10_000, timeout=3)
    receipts = [msgspec.json.decode(each.value() or b"", type=Receipt) for each in received]
    worker = inspected(engine, contained)["worker-bulk-1"]["Config"]["Hostname"]
    assert {each.host for each in receipts if each.delivered} == {worker}


def test_the_image_is_found_again_by_its_content(contained: Stack) -> None:
    """A second stack builds nothing."""
    said: list[str] = []
    with Stack.start(only=("redis-queue",), backend="containers", say=said.append) as stack:
        assert stack.images[OURS] == contained.images[OURS]
    assert not [line for line in said if "building" in line]


def test_the_reaper_is_the_one_that_testcontainers_is_made_for() -> None:
    """Another version may speak another language."""
    assert testcontainers_config.ryuk_image == IMAGES["reaper"]


def test_logs_stay_when_containers_go(engine: Engine) -> None:
    """In the run folder, as with processes."""
    with Stack.start(only=("redis-queue",), backend="containers", say=quiet) as stack:
        pass
    assert "ready to exit" in (stack.folder / "logs" / "redis-queue.log").read_text().lower()


def test_volumes_go_with_their_containers(engine: Engine) -> None:
    """PostgreSQL's image makes one for its data."""
    with Stack.start(only=("postgres",), backend="containers", say=quiet) as stack:
        mounts = inspected(engine, stack)["postgres"]["Mounts"]
        volumes = {mount["Name"] for mount in mounts if mount["Type"] == "volume"}
        assert volumes
    assert volumes.isdisjoint(each.name for each in engine.client.volumes.list())


def test_without_a_reaper_it_says_so_and_cleans_up_all_the_same(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The supervisor removes what it made; the reaper is there for when it cannot."""
    for name, value in WITHOUT_REAPER.items():
        monkeypatch.setenv(name, value)
    said: list[str] = []
    with Stack.start(only=("redis-queue",), backend="containers", say=said.append) as stack:
        assert made_with_engine(stack.folder)
    assert made_with_engine(stack.folder) == []
    assert any("switched off" in line and "eureke clean" in line for line in said)


def test_a_reaper_that_does_not_come_up(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its image is missing, for one: the same as with none."""
    monkeypatch.setenv("RYUK_CONTAINER_IMAGE", "eureke.invalid/no/reaper:1")
    said: list[str] = []
    with Stack.start(only=("redis-queue",), backend="containers", say=said.append) as stack:
        pass
    assert made_with_engine(stack.folder) == []
    assert any("the reaper did not come up" in line for line in said)


def test_leftovers_are_removed_by_label_and_nothing_else(
    engine: Engine, home: Path, monkeypatch: pytest.MonkeyPatch, eventually: Eventually
) -> None:
    """Of a stack whose supervisor was killed without a reaper, and not of one that runs."""
    for name, value in WITHOUT_REAPER.items():
        monkeypatch.setenv(name, value)
    elsewhere = engine.client.networks.create(
        "eureke-elsewhere", labels={LABEL: str(home.parent / "elsewhere" / "run" / "x")}
    )
    start = partial(Stack.start, only=("redis-queue",), backend="containers", say=quiet)
    try:
        with start() as running:
            killed = start()
            assert killed._owner is not None
            killed._owner.kill()
            killed._owner.wait()
            assert len(made_with_engine(killed.folder)) == 2
            done = clean_engine(engine, images=False)
            assert sorted(line.split()[2] for line in done) == ["container", "network"]
            assert made_with_engine(killed.folder) == []
            assert len(made_with_engine(running.folder)) == 2
            assert running.ended() == []
            killed.stop()
        elsewhere.reload()
    finally:
        elsewhere.remove()


def test_a_kernel_killed_while_containers_come_up(
    home: Path, monkeypatch: pytest.MonkeyPatch, start_owner: StartOwner, engine: Engine
) -> None:
    """What is half made is removed as well."""
    monkeypatch.setenv("EUREKE_BACKEND", "containers")
    owner, folder = start_owner(
        """
stack.stop()
Stack.start(only=("kafka", "postgres", "redis-cache"), say=lambda line: None)
"""
    )

    def made() -> list[Living]:
        coming = [each for each in (home / "run").glob("2*") if each != folder]
        return made_with_engine(coming[0]) if coming else []

    wait_until(lambda: len(made()) > 1, within_s=40)
    owner.kill()
    wait_until(lambda: not made(), within_s=15)


class Proxy:
    """A way to the engine that can be cut."""

    def __init__(self, path: Path, engine_socket: str) -> None:
        self._engine_socket = engine_socket
        self._open: list[socket.socket] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Ends all connections, and lets nobody in any more."""
        with contextlib.suppress(OSError):  # it is closed already
            self._listener.shutdown(socket.SHUT_RDWR)  # or whoever waits there lets one more in
        self._listener.close()
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._engine_socket)
                self._open += [client, server]
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=self._copy, args=pair, daemon=True).start()

    def _copy(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)


@pytest.fixture
def proxy(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """The engine, by a way that the test can cut; the reaper keeps its own."""
    real = engine.client.api.get_adapter(engine.client.api.base_url).socket_path
    # Not the test's own folder: a socket's address is short.
    with tempfile.TemporaryDirectory(prefix="eureke") as name:
        folder = Path(name)
        monkeypatch.setenv("TESTCONTAINERS_DOCKER_SOCKET_OVERRIDE", real)
        monkeypatch.setenv("DOCKER_HOST", f"unix://{folder}/engine.sock")
        found = Proxy(folder / "engine.sock", real)
        yield found
        found.cut()


def test_an_engine_that_dies_in_mid_run(
    proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, eventually: Eventually
) -> None:
    """The error says why, what was measured is kept, and the stack ends without hanging."""
    few = Scenario(count=20_000, users=2_000, urgent_per_s=0, warm_up=0, open_loop_s=0)
    stack = Stack.start(scenario=few, backend="containers", say=quiet)
    living = made_with_engine(stack.folder)
    run = Run.begin(few, stack, results_folder=tmp_path / "results", floor=False)
    with pytest.raises(ServiceFailed, match="engine does not answer") as caught:
        run.flat_out(disturb=lambda _: proxy.cut())
    assert "start it again" in caught.value.remedy
    assert "what was measured so far is in" in caught.value.__notes__[0]
    [result] = list_results(tmp_path / "results")
    assert result.summary["aborted"] is True
    assert "engine does not answer" in result.summary["abort_reason"]
    stack.stop()
    monkeypatch.delenv("DOCKER_HOST")
    wait_until(lambda: not any(alive(each, stack.folder) for each in living), within_s=60)
