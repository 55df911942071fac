"""What the command line prints of a stack is true, and a shell can read it."""

import subprocess

import redis

from eureke.stack.display import environment_text, status_text
from eureke.stack.stack import Stack


def test_status(small: Stack) -> None:
    """The status names each process with its address, and says how it ended."""
    address = small.addresses["redis-queue"]
    text = status_text(small)
    assert str(small.folder) in text
    assert f"process {small.status()[0].pid}" in text
    assert text.endswith(address)
    small.kill("redis-queue")
    assert "ended with exit code -9" in status_text(small)


def test_environment(small: Stack) -> None:
    """A shell that evaluates the lines reaches the server with them alone."""
    script = environment_text(small) + '\nprintf %s "$EUREKE_REDIS_QUEUE"'
    shell = subprocess.run(
        ["/bin/sh", "-c", script], env={}, capture_output=True, text=True, check=True
    )
    assert shell.stderr == ""
    with redis.Redis.from_url(shell.stdout) as client:
        assert client.ping()
