"""The provider over real HTTP: a process of its own, on a free port."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from eureke.stack.ports import free_ports


class Server:
    """A provider process and what a test asks of it."""

    def __init__(self, record: Path) -> None:
        (port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{port}"
        self.record = record
        command = [sys.executable, "-m", "eureke.world.provider", "--port", str(port)]
        self.process = subprocess.Popen([*command, "--record", str(record)])
        limit_s = time.monotonic() + 20
        while not self._healthy():
            assert time.monotonic() < limit_s, "the provider did not come up"
            time.sleep(0.05)

    def _healthy(self) -> bool:
        try:
            return requests.get(f"{self.url}/health", timeout=1).ok
        except requests.ConnectionError:
            return False

    def settings(self, **values: Any) -> requests.Response:
        return requests.put(f"{self.url}/settings", json=values, timeout=5)

    def post(self, *ids: str, to: str = "a@example.com") -> requests.Response:
        body = [{"id": each, "user_id": 1, "data": {"to": to}} for each in ids]
        return requests.post(f"{self.url}/v1/email", json=body, timeout=5)

    def stop(self) -> list[dict[str, Any]]:
        """Ends it by SIGTERM and gives its record."""
        self.process.terminate()
        self.process.wait(10)
        return [json.loads(line) for line in self.record.read_text().splitlines()]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A provider that is ended whatever happens."""
    made = Server(tmp_path / "provider.ndjson")
    yield made
    made.process.kill()
    made.process.wait(10)


def test_a_key_has_one_effect_however_often_it_comes(server: Server) -> None:
    """And the record, whole after SIGTERM, tells effects from repeats."""
    assert server.post("a", "b").json() == {"accepted": 2, "failed": []}
    assert server.post("b", "c").json() == {"accepted": 2, "failed": []}
    lines = server.stop()
    assert [line["effects"] for line in lines] == [["a", "b"], ["c"]]
    assert [line["repeats"] for line in lines] == [[], ["b"]]


def test_a_provider_that_ignores_keys_does_it_again(server: Server) -> None:
    """That is what the guarantee says of such providers."""
    server.settings(honours_keys=False)
    server.post("a")
    server.post("a")
    assert [line["effects"] for line in server.stop()] == [["a"], ["a"]]


def test_a_recipient_that_does_not_exist_is_refused_for_good(server: Server) -> None:
    """Every time, with a status that says so."""
    for _ in range(2):
        (failure,) = server.post("a", to="x@gone.invalid").json()["failed"]
        assert failure[:2] == [0, 422]
    assert server.stop() == []


def test_an_item_that_stumbles_passes_at_its_second_attempt(server: Server) -> None:
    """Which ones do is decided by seed and id alone."""
    server.settings(item_failure_share=0.5)
    ids = [f"id-{number}" for number in range(40)]
    stumbled = {failure[0] for failure in server.post(*ids).json()["failed"]}
    assert 0 < len(stumbled) < 40
    assert server.post(*ids).json()["failed"] == []
    server.stop()


def test_throttled_requests_say_when_to_come_back(server: Server) -> None:
    """429 with Retry-After, and no effect."""
    server.settings(throttled_share=1.0, retry_after_s=2)
    answer = server.post("a")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2")
    assert server.stop() == []


@pytest.mark.parametrize(
    ("share", "effects"), [("reset_before_share", 0), ("reset_after_share", 1)]
)
def test_a_reset_before_the_effect_and_one_after_look_the_same(
    server: Server, share: str, effects: int
) -> None:
    """The client cannot know; only the record does."""
    server.settings(**{share: 1.0})
    with pytest.raises(requests.ConnectionError):
        server.post("a")
    assert sum(len(line["effects"]) for line in server.stop()) == effects


@pytest.mark.parametrize(
    "values", [{"latency_median_sm": 1}, {"throttled_share": 2}, {"seed": "seven"}]
)
def test_settings_that_cannot_be_are_refused(server: Server, values: dict[str, Any]) -> None:
    """With words, and nothing changes."""
    before = requests.get(f"{server.url}/settings", timeout=5).json()
    answer = server.settings(**values)
    assert answer.status_code == 422
    assert answer.text
    assert requests.get(f"{server.url}/settings", timeout=5).json() == before
