"""Whoever ends, and however, nothing is left behind; and what should live on lives on."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import redis
from tests.stack.conftest import alive

from eureke.errors import ServiceFailed
from eureke.stack import catalogue
from eureke.stack.control import ask
from eureke.stack.folder import clean, in_use
from eureke.stack.service import Container, Service
from eureke.stack.stack import Stack

Living = psutil.Process | str
Family = Callable[[Path], list[Living]]
AllGone = Callable[[Path, list[Living]], None]
Eventually = Callable[[Callable[[], bool]], None]
pytestmark = pytest.mark.usefixtures("backend")
StartOwner = Callable[[str], tuple["subprocess.Popen[str]", Path]]

WAITS = """
while True:
    try:
        print("waiting", flush=True)
        time.sleep(60)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""

POLITE = """
import os, pathlib, signal, sys, time
def end(*_):
    print("told", time.monotonic_ns())
    time.sleep(0.3)
    print("ended", time.monotonic_ns())
    sys.exit()
signal.signal(signal.SIGTERM, end)
pathlib.Path(os.environ["EUREKE_READY"]).touch()
while True:
    signal.pause()
"""

DEAF = """
import os, pathlib, signal, subprocess, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen(["sleep", "60"])
pathlib.Path(os.environ["EUREKE_READY"]).touch()
time.sleep(60)
"""


def ping(stack: Stack) -> bool:
    """Whether the stack's Redis answers."""
    with redis.Redis.from_url(stack.settings.redis_queue) as client:
        return bool(client.ping())


def service(name: str, script: str, *, needs: tuple[str, ...] = ()) -> Service:
    """A service that is a few lines of Python."""
    return Service(
        name=name,
        side="system",
        command=("$python", "-c", script),
        container=Container(),
        probe="file",
        needs=needs,
    )


@pytest.mark.parametrize(
    "ending", ["", "raise RuntimeError('a cell failed')", "sys.exit(3)", "os._exit(1)"]
)
def test_owner_ends(
    ending: str, start_owner: StartOwner, family: Family, all_gone: AllGone
) -> None:
    """A stack ends with its owner, whether that ends normally or by an exception."""
    owner, folder = start_owner(f"sys.stdin.readline()\n{ending}")
    processes = family(folder)
    assert len(processes) >= 2, "the supervisor and Redis"
    owner.communicate("go on\n")
    all_gone(folder, processes)


def test_owner_interrupted(start_owner: StartOwner, family: Family, all_gone: AllGone) -> None:
    """Ctrl-C that ends the owner ends the stack."""
    owner, folder = start_owner("time.sleep(60)")
    processes = family(folder)
    owner.send_signal(signal.SIGINT)
    all_gone(folder, processes)


def test_owner_killed(start_owner: StartOwner, family: Family, all_gone: AllGone) -> None:
    """An owner killed with -9 leaves no process and no data."""
    owner, folder = start_owner("time.sleep(60)")
    processes = family(folder)
    owner.kill()
    all_gone(folder, processes)


def test_owner_killed_while_its_fork_lives(
    start_owner: StartOwner, family: Family, all_gone: AllGone
) -> None:
    """A process forked off the owner, which has the pipe too, does not keep a stack alive."""
    owner, folder = start_owner(
        "child = os.fork()\nif child:\n    print(child, flush=True)\ntime.sleep(60)"
    )
    assert owner.stdout is not None
    fork = int(owner.stdout.readline())
    processes = family(folder)
    owner.kill()
    all_gone(folder, processes)
    assert psutil.pid_exists(fork)
    os.kill(fork, signal.SIGKILL)


def test_fork_of_owner_ends(start_owner: StartOwner) -> None:
    """A process forked off the owner ends without ending the owner's stack."""
    owner, folder = start_owner(
        "if os.fork() == 0:\n    sys.exit()\nos.wait()\nprint('collected', flush=True)" + WAITS
    )
    assert owner.stdout is not None
    assert owner.stdout.readline() == "collected\n"
    assert ping(Stack.attach(folder))


def test_interrupted_group(start_owner: StartOwner) -> None:
    """Interrupting a cell, which signals the kernel's whole group, does not end the stack."""
    owner, folder = start_owner(WAITS)
    assert owner.stdout is not None
    assert owner.stdout.readline() == "waiting\n"
    os.killpg(owner.pid, signal.SIGINT)
    assert owner.stdout.readline() == "interrupted\n"
    assert ping(Stack.attach(folder))


def test_interrupted_start(
    home: Path, start_owner: StartOwner, eventually: Eventually, family: Family, all_gone: AllGone
) -> None:
    """Ctrl-C while a stack comes up ends what was started."""
    owner, folder = start_owner(
        """
from dataclasses import replace
from eureke.errors import ServiceFailed
from eureke.stack import catalogue
from eureke.stack.control import ask
never_ready = replace(catalogue.REDIS_CACHE, probe="file")
catalogue.INFRASTRUCTURE = (catalogue.KAFKA, catalogue.REDIS_QUEUE, never_ready)
stack.stop()
Stack.start(only=("redis-cache",), say=lambda line: None)
"""
    )
    eventually(lambda: bool(list((home / "run").glob("*/processes.json")) and not in_use(folder)))
    [coming] = [path.parent for path in (home / "run").glob("*/processes.json")]
    processes = family(coming)
    owner.send_signal(signal.SIGINT)
    all_gone(coming, processes)


def test_supervisor_killed(small: Stack, family: Family, eventually: Eventually) -> None:
    """A supervisor killed with -9 takes its children along; cleaning removes their data.

    Processes die with it, containers are removed by the reaper, which misses it.
    """
    living = family(small.folder)
    [server] = small.status()
    assert small._owner is not None
    small._owner.kill()
    eventually(lambda: not psutil.pid_exists(server.pid))
    eventually(lambda: not any(alive(each, small.folder) for each in living))
    assert clean() == [f"removed the data of {small.folder.name}"]
    assert [path.name for path in small.folder.iterdir()] == ["logs"]


def test_detached(start_owner: StartOwner, family: Family, all_gone: AllGone) -> None:
    """A detached stack outlives its owner; anybody may attach to it and end it."""
    owner, folder = start_owner("stack.detach()")
    assert owner.wait() == 0
    with Stack.attach() as stack:
        assert stack.folder == folder
        assert ping(stack)
    assert ping(Stack.attach(folder))  # leaving an attached stack does not end it
    processes = family(folder)
    stack.down()
    all_gone(folder, processes)
    assert not in_use(folder)


@pytest.mark.parametrize("request_", [{"do": "juggle"}, {"do": "start"}, {"do": "wait", "name": 3}])
def test_bad_request(small: Stack, request_: dict[str, object]) -> None:
    """A request that makes no sense is refused, and the supervisor goes on."""
    with pytest.raises(ServiceFailed, match="refused"):
        ask(small.folder, **request_, timeout_s=5)  # type: ignore[arg-type]
    assert small.ended() == []


def test_many_short_lives(small: Stack) -> None:
    """Processes that end as soon as they begin are all started and collected."""
    for number in range(40):
        ask(
            small.folder,
            "start",
            name=f"short-{number}",
            commands=[["/bin/true"], ["/bin/true"]],
            environment={},
            side="equipment",
            needs=[],
            cwd="/",
            timeout_s=10,
        )
        assert small.wait(f"short-{number}", timeout_s=10) == 0


def test_deaf_child(
    home: Path, monkeypatch: pytest.MonkeyPatch, family: Family, all_gone: AllGone
) -> None:
    """A process that ignores SIGTERM is killed, with what it has started."""
    more = (*catalogue.INFRASTRUCTURE, service("deaf", DEAF))
    monkeypatch.setattr(catalogue, "INFRASTRUCTURE", more)
    with Stack.start(only=("deaf",)) as stack:
        processes = family(stack.folder)
        assert len(processes) == 3
    all_gone(stack.folder, processes)


def test_order_of_ending(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service ends only after those that need it have ended."""
    two = (service("server", POLITE), service("client", POLITE, needs=("server",)))
    monkeypatch.setattr(catalogue, "INFRASTRUCTURE", (*catalogue.INFRASTRUCTURE, *two))
    with Stack.start(only=("server", "client")) as stack:
        pass
    times = {
        f"{name} {word}": int(value)
        for name in ("server", "client")
        for word, value in (line.split() for line in stack.logs(name).splitlines())
    }
    assert times["client ended"] < times["server told"]
