"""A real browser without a window, spoken to by its DevTools protocol."""

import json
import os
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.waiting import wait_until
from websockets.sync.client import ClientConnection, connect

from eureke.stack.ports import free_ports

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
NEEDED = pytest.mark.skipif(
    CHROMIUM is None and os.environ.get("CI") != "true", reason="no Chromium on PATH"
)


class Browser:
    """A page of a browser, spoken to by its DevTools protocol; all it says is kept."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._number = 0
        self.events: list[dict[str, Any]] = []
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The answer to a command."""
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            told: dict[str, Any] = json.loads(self._socket.recv(timeout=20))
            if told.get("id") == self._number:
                assert "error" not in told, told
                return dict(told["result"])
            self.events.append(told)

    def evaluate(self, script: str) -> Any:
        """What a script in the page comes to."""
        return self.call("Runtime.evaluate", expression=script)["result"].get("value")

    def until(self, script: str) -> None:
        """Returns once a script in the page comes to something."""
        wait_until(lambda: bool(self.evaluate(script)), within_s=20, what=script)

    def troubles(self) -> list[str]:
        """Errors that the page has raised or logged."""
        return [
            json.dumps(event["params"])
            for event in self.events
            if event["method"] == "Runtime.exceptionThrown"
            or (
                event["method"] == "Log.entryAdded"
                and event["params"]["entry"]["level"] in ("error", "warning")
            )
            or (
                event["method"] == "Runtime.consoleAPICalled"
                and event["params"]["type"] in ("error", "warning")
            )
        ]

    def asked(self) -> set[str]:
        """Addresses that the page has asked for."""
        return {
            event["params"]["request"]["url"]
            for event in self.events
            if event["method"] == "Network.requestWillBeSent"
        }


@contextmanager
def opened(profile: Path) -> Iterator[Browser]:
    """A browser with nothing in it, for as long as the block lasts."""
    assert CHROMIUM is not None, "CI has a Chromium: .ci/run installs the distribution's"
    (port,) = free_ports(1)
    process = subprocess.Popen(
        [
            CHROMIUM,
            *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
            *("--no-first-run", "--disable-background-networking", "--no-proxy-server"),
            f"--user-data-dir={profile}",
            f"--remote-debugging-port={port}",
            "about:blank",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    found: list[str] = []

    def listens() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=2) as answer:
                pages = json.load(answer)
        except OSError:
            return False
        found.extend(each["webSocketDebuggerUrl"] for each in pages if each["type"] == "page")
        return bool(found)

    try:
        wait_until(listens, within_s=60, what="the browser")
        with connect(found[0], max_size=None, proxy=None) as socket:
            yield Browser(socket)
    finally:
        process.terminate()
        process.wait(20)
