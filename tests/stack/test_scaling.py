"""A stack is scaled while it is used: nothing is lost, and every process sees what there is."""

import json
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests
from requests.adapters import HTTPAdapter
from tests.stack.conftest import quiet
from tests.waiting import wait_until
from urllib3.util import Retry

from eureke.errors import BadParameter, ServiceFailed
from eureke.measure.members import partitions_by_member
from eureke.programs.program import cache
from eureke.run import Run
from eureke.scenario import Scenario
from eureke.stack.engine import Engine
from eureke.stack.scaling import read
from eureke.stack.stack import Stack

SCENARIO = Scenario(
    apis=1,
    count=1_000,
    open_loop_s=25,
    open_loop_latency_median_ms=300,
    rate_per_s=200,
    partitions=2,
    urgent_per_s=0,
    users=2_000,
    warm_up=0,
)
HELLO = {"user_id": 1, "channel": "email", "template": "hello", "data": {"to": "a@example.com"}}
CLIENTS = 4
# A reload closes connections that wait for a request, and one may be on its way: HTTP has clients
# send it again on another connection, where that does no harm. What was answered is not sent again.
CLOSED_ONLY = Retry(total=2, status=0, allowed_methods=None)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A whole stack with one of each, the only one in its home."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("EUREKE_CACHE", str(cache()))
        patched.setenv("EUREKE_HOME", str(tmp_path_factory.mktemp("home")))
        with Stack.start(scenario=SCENARIO, say=quiet) as found:
            yield found


@dataclass
class Load:
    """Requests all the time, every other one with an effect and a key."""

    url: str
    token: str
    answered: int = 0
    failed: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def send(self) -> None:
        """Sends until it is over."""
        with requests.Session() as session:
            session.mount("http://", HTTPAdapter(max_retries=CLOSED_ONLY))
            session.headers["Authorization"] = f"Bearer {self.token}"
            while not self.over.wait(0.02):
                self._check(session.get(f"{self.url}/users", timeout=20))
                key = {"Idempotency-Key": uuid.uuid4().hex}
                url = f"{self.url}/notifications"
                self._check(session.post(url, json=HELLO, headers=key, timeout=20))

    def _check(self, answer: requests.Response) -> None:
        self.answered += 1
        if not answer.ok:
            self.failed.append(f"{answer.status_code} {answer.text}")

    def goes_on(self) -> None:
        """Returns when more was answered; fails the test where nothing is."""
        seen = self.answered
        wait_until(lambda: self.answered > seen + 20, within_s=20, what="an answer")


@contextmanager
def loaded(stack: Stack) -> Iterator[Load]:
    """A steady load on the API for as long as the block lasts."""
    load = Load(stack.settings.api_url, stack.settings.api_tokens["write"])
    with ThreadPoolExecutor(CLIENTS) as pool:
        sending = [pool.submit(load.send) for _ in range(CLIENTS)]
        try:
            yield load
        finally:
            load.over.set()
    for each in sending:
        each.result()


def running(stack: Stack, kind: str) -> list[str]:
    """Names of those of a kind that run, as whoever attaches sees it."""
    other = Stack.attach(stack.folder, say=quiet)
    found = sorted(each.name for each in other.status() if each.name.startswith(kind))
    assert found == sorted(name for name in other.names if name.startswith(kind))
    assert other.ended() == []
    return found


def served(stack: Stack) -> set[str]:
    """Replicas that Nginx has had answers from."""
    text = (stack.folder / "logs" / "nginx.log").read_text()
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return {line["upstream"] for line in lines if line["status"] < 300}


@pytest.mark.parametrize(
    ("word", "remedy"),
    [
        ("api=0", "at least 1"),
        ("worker=-1", "at least 1"),
        ("workers=2", "did you mean 'worker'"),
        ("kafka=3", "one of: api, dispatcher, worker"),
        ("api=many", "as in `api=4`"),
        ("api", "as in `api=4`"),
    ],
)
def test_what_cannot_be_is_told_before_anything_is_done(word: str, remedy: str) -> None:
    """The first of them that is wrong, with what would be right."""
    with pytest.raises(BadParameter) as raised:
        read(["worker=2", word])
    assert remedy in raised.value.remedy


def test_the_api_is_scaled_under_load_and_no_request_fails(stack: Stack) -> None:
    """With a second replica Nginx is there; it stays, and sends to those that there are."""
    assert "nginx" not in stack.names
    direct = stack.settings.api_url
    stack.scale("api", 2)
    assert stack.settings.api_url == f"http://{stack.addresses['nginx']}" != direct
    with loaded(stack) as load:
        load.goes_on()
        stack.scale("api", 4)
        assert running(stack, "api") == ["api-1", "api-2", "api-3", "api-4"]
        four = {stack.addresses[name] for name in running(stack, "api")}
        wait_until(lambda: served(stack) >= four, within_s=20, what="an answer of each")
        stack.scale("api", 2)
        assert running(stack, "api") == ["api-1", "api-2"]
        assert "api-3" not in stack.addresses
        load.goes_on()
    assert load.failed == []
    assert load.answered > 100


def test_a_replica_killed_under_load_costs_no_request(stack: Stack) -> None:
    """What was in it is given to the other, by its key; and it goes on with one."""
    stack.scale("api", 2)
    with loaded(stack) as load:
        load.goes_on()
        stack.kill("api-1")
        load.goes_on()
        assert stack.ended() == ["api-1"]
        stack.start_service("api-1")
        load.goes_on()
    assert load.failed == []


def test_nginx_chooses_in_another_way_and_no_request_fails(stack: Stack) -> None:
    """Taking turns both get the same; whoever attaches sees how it is."""
    stack.scale("api", 2)
    with loaded(stack) as load:
        load.goes_on()
        stack.balance("round_robin")
        load.goes_on()
    assert load.failed == []
    written = (stack.folder / "data" / "nginx" / "upstream.conf").read_text()
    assert "least_conn" not in written
    Stack.attach(stack.folder, say=quiet).balance("least_conn")
    written = (stack.folder / "data" / "nginx" / "upstream.conf").read_text()
    assert "least_conn;" in written


def test_a_way_that_nginx_does_not_have(stack: Stack) -> None:
    """Is refused with what was meant."""
    with pytest.raises(BadParameter) as raised:
        stack.balance("round-robin")
    assert "round_robin" in raised.value.remedy


def test_one_that_does_not_come_up_changes_nothing(stack: Stack) -> None:
    """Neither what is kept of the stack nor what runs."""
    before = stack.names
    in_its_place = stack.folder / "data" / "worker-bulk-2"
    in_its_place.touch()
    try:
        with pytest.raises(ServiceFailed, match="cannot be written"):
            stack.scale("worker", 2)
    finally:
        in_its_place.unlink()
    assert stack.names == before
    assert running(stack, "worker-bulk") == ["worker-bulk-1"]


def test_two_at_once_follow_one_another(stack: Stack) -> None:
    """The second says that it waits; afterwards there is what one of them asked for."""
    said: list[str] = []
    both = [Stack.attach(stack.folder, say=said.append) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(each.scale, "worker", 2 + at) for at, each in enumerate(both)]:
            future.result()
    assert any("waiting" in line for line in said)
    assert len(running(stack, "worker-bulk")) in (2, 3)
    stack.scale("worker", 1)
    assert running(stack, "worker-bulk") == ["worker-bulk-1"]


def test_dispatchers_and_workers_come_and_go_while_the_account_closes(
    stack: Stack, tmp_path: Path
) -> None:
    """Told by the command line, which is another process than the one that runs the load."""
    acted: list[float] = []

    def disturb(share: float) -> None:
        if not acted and share >= 0.05:
            acted.append(share)
            command("dispatcher=2", "worker=2")
            wait_until(
                lambda: partitions_by_member(stack.settings).get("dispatcher-bulk-2") == 1,
                within_s=30,
                what="the new member's share of the partitions",
            )
        elif len(acted) == 1:
            acted.append(share)
            command("dispatcher=1", "worker=1")

    run = Run.begin(SCENARIO, stack, results_folder=tmp_path, floor=False)
    sent = run.open_loop(disturb=disturb)
    run.close()
    assert len(acted) == 2
    assert acted[1] < 1, "the load was over before there were fewer"
    assert sent.account.closes, sent.account
    assert sent.restarts == {}
    assert running(stack, "dispatcher-bulk") == ["dispatcher-bulk-1"]
    wait_until(
        lambda: partitions_by_member(stack.settings) == {"dispatcher-bulk-1": 2},
        within_s=30,
        what="the partitions' way back",
    )


def command(*words: str) -> None:
    """`eureke scale`, in the home where the stack is the newest one."""
    done = subprocess.run(
        [sys.executable, "-c", "from eureke.cli import main; main()", "scale", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


def test_more_dispatchers_than_partitions_are_explained(stack: Stack) -> None:
    """They come up, and wait for a partition that is free."""
    said: list[str] = []
    Stack.attach(stack.folder, say=said.append).scale("dispatcher", 3)
    assert any("2 partitions: 1 dispatchers have nothing to read" in line for line in said)
    assert len(running(stack, "dispatcher-bulk")) == 3
    stack.scale("dispatcher", 1)


def test_containers_are_scaled_too(engine: Engine) -> None:
    """A replica that is started again may have another address there: Nginx is told."""
    needed = ("redis-cache", "postgres", "api-1")
    scenario = Scenario(apis=1)
    with Stack.start(scenario=scenario, backend="containers", only=needed, say=quiet) as stack:
        stack.scale("api", 2)
        token = {"Authorization": f"Bearer {stack.settings.api_tokens['read']}"}

        def answers() -> bool:
            return requests.get(f"{stack.settings.api_url}/users", headers=token, timeout=20).ok

        assert stack.settings.api_url == f"http://{stack.addresses['nginx']}"
        assert answers()
        stack.kill("api-1")
        assert answers()
        stack.start_service("api-1")
        stack.scale("api", 1)
        assert [each.name for each in stack.status() if each.name.startswith("api")] == ["api-1"]
        assert answers()
