"""A stack seen from a notebook: up, looked at, disturbed, ended."""

import signal
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from eureke.errors import BadParameter, ServiceFailed
from eureke.stack import catalogue
from eureke.stack.ports import free_ports
from eureke.stack.service import Container, Service
from eureke.stack.stack import Stack

Living = psutil.Process | str
Family = Callable[[Path], list[Living]]
AllGone = Callable[[Path, list[Living]], None]
Eventually = Callable[[Callable[[], bool]], None]
pytestmark = pytest.mark.usefixtures("backend")
PEER = """
import redis
from eureke.settings import Settings
print(redis.Redis.from_url(Settings.of_process().redis_queue).get('seen by').decode())
"""
CONFIGURED = ("data", "redis-queue", "redis.conf")


def start(*names: str, **options: object) -> Stack:
    """A stack of these services that says nothing."""
    options.setdefault("say", print)
    return Stack.start(only=names, **options)  # type: ignore[arg-type]


def queue(stack: Stack) -> redis.Redis:
    """A client of the stack's queue."""
    return redis.Redis.from_url(stack.settings.redis_queue)


def script(name: str, lines: str, *, deadline_s: float = 60.0) -> Service:
    """A service that is a few lines of Python."""
    return Service(
        name=name,
        side="system",
        command=("$python", "-c", lines),
        container=Container(),
        probe="file",
        deadline_s=deadline_s,
    )


def extend(monkeypatch: pytest.MonkeyPatch, *services: Service) -> None:
    """Adds services to the catalogue."""
    more = (*catalogue.INFRASTRUCTURE, *services)
    monkeypatch.setattr(catalogue, "INFRASTRUCTURE", more)


def test_start_and_stop(home: Path, family: Family, all_gone: AllGone) -> None:
    """A started stack answers; a stopped one has left its logs and nothing else."""
    stack = start("redis-queue")
    processes = family(stack.folder)
    assert queue(stack).ping()
    stack.stop()
    stack.stop()
    all_gone(stack.folder, processes)
    assert "redis-queue.log" in [path.name for path in (stack.folder / "logs").iterdir()]


def test_exception(home: Path, family: Family, all_gone: AllGone) -> None:
    """An exception inside `with` ends the stack and is not swallowed."""
    stack = start("redis-queue")
    processes = family(stack.folder)
    with pytest.raises(RuntimeError, match="a cell failed"), stack:
        raise RuntimeError("a cell failed")
    all_gone(stack.folder, processes)


def test_two_side_by_side(small: Stack) -> None:
    """Two stacks share no port and no password, and one outlives the other."""
    with start("redis-queue") as other:
        assert queue(other).set("whose", "other")
        assert queue(small).get("whose") is None
        stranger = redis.Redis(
            port=int(small.addresses["redis-queue"].split(":")[1]),
            password=queue(other).connection_pool.connection_kwargs["password"],
            retry=Retry(NoBackoff(), 0),
        )
        with pytest.raises(redis.AuthenticationError):
            stranger.ping()
    assert queue(small).ping()


def test_long_and_unusual_folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with blanks, accents and a hundred characters is as good as any."""
    monkeypatch.setenv("EUREKE_HOME", str(home / ("a long folder, née $HOME " * 5)))
    with start("redis-queue") as stack:
        assert queue(stack).ping()


def test_unwritable_folder(home: Path) -> None:
    """Where no run folder can be made, the error names the folder and the remedy."""
    (home / "run").write_text("not a folder")
    with pytest.raises(ServiceFailed, match=r"run folders in (?s:.*)EUREKE_HOME"):
        start("redis-queue")


def test_port_taken(home: Path) -> None:
    """A port that was asked for and is taken is an error that names its holder."""
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        own = psutil.Process()
        with pytest.raises(BadParameter, match=f"port {port}.*process {own.pid}, {own.name()}"):
            start("redis-queue", ports={"redis-queue": port})


def test_port_as_asked(home: Path) -> None:
    """A port that was asked for and is free is the one that is used."""
    [port] = free_ports(1)
    with start("redis-queue", ports={"redis-queue": port}) as stack:
        assert stack.addresses["redis-queue"] == f"127.0.0.1:{port}"
        assert queue(stack).ping()


@pytest.mark.parametrize(
    "ports",
    [
        {"redis-queue": 0},
        {"redis-queue": 65536},
        {"redis-queue": -1},
        {"redis": 6379},
        {"redis-queue": 26379, "redis-cache": 26379},
    ],
)
def test_impossible_port(home: Path, ports: dict[str, int]) -> None:
    """A port that cannot be, or for a service that is not, is a bad parameter."""
    with pytest.raises(BadParameter):
        start("redis-queue", ports=ports)


def test_port_lost(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A free port that somebody takes before the service does costs a second try, no more."""
    lines: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as thief:
        taken = thief.getsockname()[1]

        def find_taken_first(count: int) -> list[int]:
            monkeypatch.setattr("eureke.stack.composition.free_ports", free_ports)
            return [taken] * count

        monkeypatch.setattr("eureke.stack.composition.free_ports", find_taken_first)
        with start("redis-queue", say=lines.append) as stack:
            assert stack.addresses["redis-queue"] != f"127.0.0.1:{taken}"
            assert queue(stack).ping()
    assert any(f"lost its port {taken}" in line for line in lines)


def test_port_lost_between_kill_and_start(small: Stack) -> None:
    """A service whose port was taken while it was away says by whom."""
    port = int(small.addresses["redis-queue"].split(":")[1])
    small.kill("redis-queue")
    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(ServiceFailed, match=f"lost its port {port} .*{psutil.Process().pid}"),
    ):
        small.start_service("redis-queue")


@pytest.mark.timeout(20)
def test_service_dies(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that dies while it starts is noticed at once, and its last words are shown.

    The other service would be waited for much longer than this test may take.
    """
    dying = script("dying", "print('the disk is full'); raise SystemExit(3)")
    slow = script("slow", "import time; time.sleep(60)")
    extend(monkeypatch, slow, dying)
    with pytest.raises(ServiceFailed, match="exit code 3") as caught:
        start("slow", "dying")
    assert "the disk is full" in caught.value.what
    assert "dying.log" in caught.value.remedy
    [folder] = (home / "run").glob("2*")
    assert [path.name for path in folder.iterdir()] == ["logs"]


def test_never_ready(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that is not ready by its deadline fails with what was seen last."""
    silent = script("silent", "import time; time.sleep(60)", deadline_s=1)
    extend(monkeypatch, silent)
    with pytest.raises(ServiceFailed, match=r"not ready after 1 s \(it has not said"):
        start("silent")


def test_unknown_service(small: Stack) -> None:
    """A name that is no service is answered with those that are."""
    with pytest.raises(BadParameter, match=r"one of: .*redis-queue"):
        small.start_service("reddis")
    with pytest.raises(BadParameter, match="one of: redis-queue"):
        small.logs("reddis")
    with pytest.raises(ServiceFailed, match="reddis was never started"):
        small.kill("reddis")


def test_kill_and_start_again(small: Stack) -> None:
    """A killed service is missed, and comes back on its port."""
    small.kill("redis-queue")
    assert small.ended() == ["redis-queue"]
    assert small.status()[0].exit_code == -signal.SIGKILL
    small.start_service("redis-queue")
    assert small.ended() == []
    assert queue(small).ping()


def test_start_what_runs(small: Stack) -> None:
    """A service that runs is not started a second time."""
    with pytest.raises(ServiceFailed, match="running already"):
        small.start_service("redis-queue")


def test_restart_with_other_settings(small: Stack) -> None:
    """A restarted service is a new process that finds the settings it was given."""
    [before] = small.status()
    small.restart("redis-queue", settings=replace(small.settings, overdue_s=1.5))
    [after] = small.status()
    assert after.pid != before.pid
    assert small.settings.overdue_s == 1.5


def test_pause_and_resume(small: Stack, eventually: Eventually) -> None:
    """A paused service is frozen, not dead, and goes on where it was."""
    server = psutil.Process(small.status()[0].pid)
    small.pause("redis-queue")
    eventually(lambda: server.status() == psutil.STATUS_STOPPED)
    small.resume("redis-queue")
    assert queue(small).ping()


def test_stop_while_paused(home: Path, family: Family, all_gone: AllGone) -> None:
    """A frozen service is ended in good order like any other."""
    with start("redis-queue") as stack:
        processes = family(stack.folder)
        stack.pause("redis-queue")
    all_gone(stack.folder, processes)
    assert "Redis is now ready to exit" in stack.logs("redis-queue")


def test_launch_and_wait(small: Stack) -> None:
    """A process that ends by itself gets its arguments as they are, and its end is waited for."""
    long = 50_000 * "é"
    small.launch("shot", "timeit", "-n1", "-r1", f"print('$folder costs $$5', '{long}')")
    assert small.wait("shot", timeout_s=30) == 0
    assert small.logs("shot").startswith("$folder costs $$5 ééé")


def test_addresses_as_a_peer_sees_them(small: Stack) -> None:
    """What runs beside a server finds it by the settings it was handed, as this test does."""
    assert queue(small).set("seen by", "a peer")
    small.launch("peer", "timeit", "-n1", "-r1", PEER)
    assert small.wait("peer", timeout_s=30) == 0
    assert "a peer" in small.logs("peer")


def test_launched_process_fails(small: Stack) -> None:
    """A process that fails is an error with its exit code and its last words."""
    small.launch("shot", "timeit", "raise RuntimeError('no load to send')")
    with pytest.raises(ServiceFailed, match=r"exit code 1(?s:.*)no load to send"):
        small.wait("shot", timeout_s=30)


def test_launched_process_takes_too_long(small: Stack) -> None:
    """A process that does not end in time is an error, not a hang."""
    small.launch("shot", "timeit", "import time; time.sleep(60)")
    with pytest.raises(ServiceFailed, match="did not end within"):
        small.wait("shot", timeout_s=0.5)


def test_attach_to_nothing(home: Path) -> None:
    """Where no stack is up, attaching says how to start one."""
    with pytest.raises(ServiceFailed, match="eureke up"):
        Stack.attach()
    with pytest.raises(ServiceFailed, match="eureke up"):
        Stack.attach(home)


def test_attach_to_ended(home: Path) -> None:
    """A stack that has ended cannot be attached to."""
    with start("redis-queue") as stack:
        pass
    with pytest.raises(ServiceFailed):
        Stack.attach(stack.folder)


def test_only_the_owner_may_look(small: Stack, backend: str) -> None:
    """Nobody else gets past the run folder; within it only what containers need is open."""
    password = queue(small).connection_pool.connection_kwargs["password"].encode()
    assert small.folder.stat().st_mode & 0o077 == 0
    below = list(small.folder.rglob("*"))
    files = [path for path in below if path.is_file() and password in path.read_bytes()]
    folders = [path for path in below if path.is_dir()]
    open_to_all = {path for path in (*files, *folders) if path.stat().st_mode & 0o077}
    for_containers = {small.shared, *small.shared.iterdir(), small.folder.joinpath(*CONFIGURED)}
    assert open_to_all == (for_containers if backend == "containers" else set())
    assert {path.name for path in files} == {"stack.json", "settings.json", "redis.conf"}
