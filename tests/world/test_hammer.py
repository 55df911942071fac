"""The same request again and again: every answer is counted, and what goes wrong is said."""

import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE, Popen, run

import msgspec
import pytest
import requests
from tests.waiting import wait_until

from eureke.stack.ports import free_ports
from eureke.world.hammer import Hammered

COMMAND = [sys.executable, "-m", "eureke.world.hammer"]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The bare server that is hammered for comparison."""
    (port,) = free_ports(1)
    found = f"http://127.0.0.1:{port}/hello"
    with Popen([sys.executable, "-m", "eureke.peers.hello", "--port", str(port)]) as server:

        def answers() -> bool:
            try:
                return requests.get(found, timeout=1).ok
            except requests.ConnectionError:
                return False

        wait_until(answers, within_s=20)
        yield found
        server.terminate()


@pytest.mark.parametrize("rate", [0, 200])
def test_every_answer_is_counted(url: str, tmp_path: Path, rate: int) -> None:
    """Closed or open loop; the bytes are those on the socket."""
    out = tmp_path / "out.json"
    arguments = ["--count", "100", "--connections", "4", "--rate", str(rate), "--out", str(out)]
    run([*COMMAND, "--url", url, *arguments], check=True, timeout=60)
    found = msgspec.json.decode(out.read_bytes(), type=Hammered)
    assert (found.count, found.statuses) == (100, {"200": 100})
    answer = requests.get(url, timeout=5)
    assert found.received_bytes > 100 * len(answer.content)
    assert found.received_bytes % 100 == 0
    assert found.sent_bytes % 100 == 0
    assert 0 < found.p50_ms <= found.p99_ms
    if rate:
        assert found.took_s >= 99 / rate


def test_what_warms_up_is_not_measured(url: str, tmp_path: Path) -> None:
    """Its answers were good ones, and that is all that is told of them."""
    out = tmp_path / "out.json"
    arguments = ["--count", "100", "--warm-up", "60", "--connections", "4", "--out", str(out)]
    run([*COMMAND, "--url", url, *arguments], check=True, timeout=60)
    found = msgspec.json.decode(out.read_bytes(), type=Hammered)
    assert (found.count, found.statuses) == (100, {"200": 160})
    assert found.received_bytes / 100 > len(requests.get(url, timeout=5).content)
    assert found.received_bytes % 100 == 0


@pytest.mark.parametrize("away", [False, True])
def test_what_is_wrong_is_said_in_a_sentence(url: str, tmp_path: Path, away: bool) -> None:
    """Nobody there; or an error, which is counted by its status."""
    (nobody,) = free_ports(1)
    wrong = f"http://127.0.0.1:{nobody}/" if away else f"{url}/nowhere"
    out = tmp_path / "out.json"
    done = run(
        [*COMMAND, "--url", wrong, "--count", "5", "--out", str(out)],
        stderr=PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    if away:
        assert done.returncode != 0
        assert "cannot be reached" in done.stderr
        assert "Traceback" not in done.stderr
    else:
        assert msgspec.json.decode(out.read_bytes(), type=Hammered).statuses == {"404": 5}
