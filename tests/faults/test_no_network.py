"""Once set up, nothing needs a network."""

import shutil
import subprocess
import sys
from typing import Final

import pytest

ALONE: Final = ("unshare", "--net", "--map-root-user")
"""Starts a program in a network of its own: not even loopback is up in it."""

SCRIPT: Final = """
import fcntl, socket, struct
SET_FLAGS, UP = 0x8914, 1
with socket.socket() as any_socket:
    fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sh14x", b"lo", UP))
from eureke import programs
from eureke.stack.stack import Stack
programs.install()
with Stack.start(application=False) as stack:
    print("up:", *sorted(service.name for service in stack.status()))
"""


@pytest.mark.skipif(
    not shutil.which("unshare")
    or subprocess.call([*ALONE, "true"], stderr=subprocess.DEVNULL) != 0,
    reason="this account may not make a network namespace",
)
def test_set_up_and_the_servers_work_with_the_network_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kafka and both Redis servers answer in a network that holds nothing but loopback."""
    monkeypatch.setenv("HOME", "/nowhere")
    done = subprocess.run(
        [*ALONE, sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "up: kafka redis-cache redis-queue" in done.stdout
