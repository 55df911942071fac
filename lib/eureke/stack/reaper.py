"""The reaper: a container that removes all others once the process they belong to is gone."""

import contextlib
import socket
import time
from typing import Final

from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.labels import LABEL_SESSION_ID, SESSION_ID

from eureke.stack.engine import SILENT
from eureke.stack.ports import LOOPBACK

PORT: Final = 8080
DEADLINE_S: Final = 20.0
PAUSE_S: Final = 0.05


class Reaper:
    """A connection to a reaper that knows this process; while it stands, nothing is removed.

    testcontainers starts one by itself, but in 4.15 does not wait for its answer: on loopback the
    engine's proxy accepts before the reaper listens, and what it was told is lost without a word
    (testcontainers-python issues 1093 and 1114). And it publishes its port to everybody.
    """

    def __init__(self, container: DockerContainer | None, trouble: str) -> None:
        self._container = container
        self._connection: socket.socket | None = None
        self.trouble = trouble

    @classmethod
    def start(cls) -> "Reaper":
        """A reaper, or a note of why there is none."""
        if testcontainers_config.ryuk_disabled:
            return cls(None, "the reaper is switched off (TESTCONTAINERS_RYUK_DISABLED)")
        container = (
            DockerContainer(testcontainers_config.ryuk_image)
            .with_name(f"testcontainers-ryuk-{SESSION_ID}")
            .with_volume_mapping(
                testcontainers_config.ryuk_docker_socket, "/var/run/docker.sock", "rw"
            )
            .with_kwargs(privileged=testcontainers_config.ryuk_privileged, auto_remove=True)
            .with_env("RYUK_RECONNECTION_TIMEOUT", testcontainers_config.ryuk_reconnection_timeout)
        )
        container.ports = {str(PORT): (LOOPBACK, None)}  # type: ignore[dict-item]
        reaper = cls(container, "")
        try:
            container.start()
            reaper._introduce()
        except (*SILENT, OSError) as error:
            reaper.stop()
            reaper.trouble = f"the reaper did not come up: {error}"
        return reaper

    def stop(self) -> None:
        """Ends the reaper; what it was to remove has been removed by then."""
        if self._connection is not None:
            self._connection.close()
        if self._container is not None:
            with contextlib.suppress(*SILENT):
                self._container.stop()

    def _introduce(self) -> None:
        """Tells it what is ours, until it acknowledges."""
        assert self._container is not None  # noqa: S101  it was just started
        at = (LOOPBACK, int(self._container.get_exposed_port(PORT)))
        limit_s = time.monotonic() + DEADLINE_S
        while True:
            try:
                connection = socket.create_connection(at, timeout=1)
                connection.sendall(f"label={LABEL_SESSION_ID}={SESSION_ID}\r\n".encode())
                if connection.recv(16).startswith(b"ACK"):
                    self._connection = connection
                    return
                connection.close()
            except OSError:
                if time.monotonic() > limit_s:
                    raise
            if time.monotonic() > limit_s:
                raise OSError("it does not acknowledge")
            time.sleep(PAUSE_S)
