"""Nginx before the API: its configuration as Nginx and an auditor read it, and what it does."""

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from string import Template
from typing import Any

import psutil
import pytest
import requests
from tests.pipeline.api.conftest import Client
from tests.pipeline.api.test_users import is_problem
from tests.stack.conftest import quiet
from tests.waiting import wait_until

from eureke.clients import follow
from eureke.errors import BadParameter
from eureke.programs import NGINX
from eureke.scenario import Scenario
from eureke.settings import API_HOSTS
from eureke.stack.catalogue.nginx import METHODS, Limits, nginx
from eureke.stack.certificate import certificate
from eureke.stack.display import environment as environment_of
from eureke.stack.ports import free_ports
from eureke.stack.service import Service
from eureke.stack.stack import Stack

NEEDED = ("kafka", "redis-cache", "api-1", "api-2", "nginx")
HELLO = {"user_id": 1, "channel": "email", "template": "hello", "data": {"to": "a@example.com"}}
STATUS = "subscription ($id: ID!) { notificationStatus(id: $id) { status } }"
NDJSON = {"Content-Type": "application/x-ndjson"}
SLOW_CLIENTS = 500


def written(service: Service, folder: Path) -> dict[str, int]:
    """Writes its files into the folder, as a stack does; gives the ports that it is to have."""
    ports = dict(zip(service.ports, free_ports(len(service.ports)), strict=True))
    values = {f"port_{name}" if name else "port": port for name, port in ports.items()}
    for name, text in service.files.items():
        filled = Template(text).substitute(values, folder=folder, bind="127.0.0.1")
        (folder / name).write_text(filled)
    return ports


def command(service: Service, folder: Path) -> list[str]:
    """What starts it there."""
    names = {"nginx": str(NGINX.find().path), "folder": str(folder)}
    return [Template(part).substitute(names) for part in service.command]


def environment() -> dict[str, str]:
    return os.environ | NGINX.find().environment


@contextlib.contextmanager
def running(service: Service, folder: Path) -> Iterator[dict[str, str]]:
    """A server of the test's own; the addresses of its ports."""
    ports = written(service, folder)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command(service, folder), env=environment(), stdout=log, stderr=log
        )
    try:

        def listens() -> bool:
            assert process.poll() is None, (folder / "log").read_text()
            with socket.socket() as trial:
                return trial.connect_ex(("127.0.0.1", ports[""])) == 0

        wait_until(listens, within_s=10, what="Nginx")
        yield {name: f"127.0.0.1:{port}" for name, port in ports.items()}
    finally:
        process.terminate()
        process.wait(10)


def replicas(stack: Stack) -> dict[str, str]:
    """Of the API, with their addresses."""
    return {name: stack.addresses[name] for name in ("api-1", "api-2")}


@pytest.fixture(scope="module")
def balanced() -> Iterator[Stack]:
    """Two replicas of the API that take turns behind Nginx, and a Kafka that nobody reads."""
    scenario = Scenario(apis=2, balancer="round_robin")
    with Stack.start(scenario=scenario, only=NEEDED, tls=True, say=quiet) as stack:
        yield stack


@pytest.fixture
def client(balanced: Stack) -> Iterator[Client]:
    """A client of Nginx, with a token that may do everything."""
    settings = balanced.settings
    with Client(settings.api_url, settings.api_tokens["write"]) as found:
        yield found


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as found:
        yield found


def lines(stack: Stack, name: str, request_id: str) -> list[dict[str, Any]]:
    """Those of an access log that have the request id, once there are any."""
    path = stack.folder / "logs" / f"{name}.log"

    def found() -> list[dict[str, Any]]:
        whole = [each for each in path.read_text().splitlines() if each.startswith("{")]
        return [line for line in map(json.loads, whole) if line["request_id"] == request_id]

    wait_until(lambda: bool(found()), within_s=10, what=f"a line of {name} on {request_id}")
    return found()


# The configuration


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("counts", [False, True])
def test_it_is_taken_by_nginx_and_passed_by_an_audit(
    method: str, tls: bool, counts: bool, tmp_path: Path
) -> None:
    """Each variant; the auditor has nothing to say of any."""
    service = nginx(
        {"api-1": "127.0.0.1:1", "api-2": "127.0.0.1:2"},
        method=method,
        hosts=API_HOSTS,
        counts=counts,
        certificate=certificate() if tls else {},
    )
    written(service, tmp_path)
    test = [*command(service, tmp_path), "-t"]
    tried = subprocess.run(
        test, env=environment(), capture_output=True, text=True, check=False, timeout=30
    )
    assert tried.returncode == 0, tried.stderr
    assert "warn" not in tried.stderr
    audit = [sys.executable, "-m", "gixy", "--format", "json", str(tmp_path / "nginx.conf")]
    told = subprocess.run(audit, capture_output=True, text=True, check=False, timeout=60)
    assert json.loads(told.stdout) == [], told.stderr


# What it does


def test_requests_are_spread_over_the_replicas(balanced: Stack, client: Client) -> None:
    """By turns, as was asked for; each line of the log says which replica it was."""
    for _ in range(10):
        assert client.get("/users", headers={"X-Request-Id": "spread"}).status_code == 200
    wait_until(lambda: len(lines(balanced, "nginx", "spread")) == 10, within_s=10, what="ten lines")
    went = [line["upstream"] for line in lines(balanced, "nginx", "spread")]
    assert sorted(went) == sorted([*replicas(balanced).values()] * 5)
    assert {line["upstream_status"] for line in lines(balanced, "nginx", "spread")} == {"200"}


def test_a_request_id_goes_all_the_way(balanced: Stack, client: Client) -> None:
    """The client's, to the API and into both logs; one that cannot be written down is replaced."""
    given = client.get("/users", headers={"X-Request-Id": "all-the-way"})
    assert given.headers["X-Request-Id"] == "all-the-way"
    (line,) = lines(balanced, "nginx", "all-the-way")
    (name,) = [name for name, at in replicas(balanced).items() if at == line["upstream"]]
    assert lines(balanced, name, "all-the-way")[0]["path"] == "/users"
    made = client.get("/users", headers={"X-Request-Id": 'a"b c'}).headers["X-Request-Id"]
    assert len(made) == 32
    assert lines(balanced, "nginx", made)


def test_strangers_names_get_no_answer(balanced: Stack) -> None:
    """A page that points its own name here: the connection is closed without a word."""
    for service in ("nginx", "nginx.status"):
        address = f"http://{balanced.addresses[service]}"
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{address}/health", headers={"Host": "evil.example"}, timeout=5)
    port = balanced.addresses["nginx"].rpartition(":")[2]
    named = requests.get(f"http://localhost:{port}/health", timeout=5)
    assert named.json() == {"status": "ok"}
    assert "nginx/" not in named.headers["Server"]


def two_at_once(
    pool: ThreadPoolExecutor, client: Client, name: str, *, with_key: bool
) -> list["Future[requests.Response]"]:
    """Two notifications, one for each replica."""

    def send(request_id: str) -> requests.Response:
        headers = {"X-Request-Id": request_id}
        headers |= {"Idempotency-Key": request_id} if with_key else {}
        return client.post("/notifications", json=HELLO, headers=headers, timeout=30)

    return [pool.submit(send, f"{name}-{number}") for number in range(2)]


@pytest.mark.parametrize("with_key", [False, True])
def test_a_replica_killed_with_a_request_in_it(
    balanced: Stack, client: Client, pool: ThreadPoolExecutor, with_key: bool
) -> None:
    """With a key the other replica is given it; without, nobody may say that it had no effect."""
    before = replicas(balanced)["api-1"]
    balanced.pause("api-1")
    try:
        name = f"killed-{with_key}"
        sent = two_at_once(pool, client, name, with_key=with_key)
        wait_until(lambda: any(each.done() for each in sent), within_s=10, what="an answer")
        balanced.kill("api-1")
        statuses = [each.result(30).status_code for each in sent]
    finally:
        balanced.restart("api-1")
    at = next(number for number in range(2) if before in _upstream(balanced, f"{name}-{number}"))
    (line,) = lines(balanced, "nginx", f"{name}-{at}")
    if with_key:
        assert line["upstream_status"] == "502, 202"
        assert statuses == [202, 202]
    else:
        assert line["upstream"] == before
        assert sorted(statuses) == [202, 502]
        is_problem(sent[at].result(), 502)


def _upstream(stack: Stack, request_id: str) -> str:
    (line,) = lines(stack, "nginx", request_id)
    return str(line["upstream"])


def test_a_replica_that_is_gone_is_passed_over(balanced: Stack, client: Client) -> None:
    """What never reached it is nobody's loss: no request fails, with a key or without."""
    balanced.kill("api-2")
    try:
        answers = [client.post("/notifications", json=HELLO) for _ in range(20)]
    finally:
        balanced.start_service("api-2")
    assert {answer.status_code for answer in answers} == {202}


def test_with_no_replica_left_it_says_so(balanced: Stack, client: Client) -> None:
    """With a key or without: 502, and when to try again."""
    for name in replicas(balanced):
        balanced.kill(name)
    try:
        for headers in ({}, {"Idempotency-Key": "nobody"}):
            answer = client.post("/notifications", json=HELLO, headers=headers)
            is_problem(answer, 502)
            assert answer.headers["Retry-After"] == "1"
    finally:
        for name in replicas(balanced):
            balanced.start_service(name)
    wait_until(lambda: client.get("/users").ok, within_s=10, what="an answer")


def test_bodies_up_to_the_api_s_limits(client: Client) -> None:
    """Many notifications in one body pass, line by line; what is larger is a problem at once."""
    value = json.dumps(HELLO | {"data": {"to": "a@example.com", "text": "x" * 1_000}})
    many = client.post("/notifications", data="\n".join([value] * 3_000), headers=NDJSON)
    assert many.json()["accepted"] == 3_000
    kind = {"Content-Type": "application/json"}
    is_problem(client.post("/users", data=b"x" * (2 << 20), headers=kind), 413)
    in_chunks = iter([b"x" * (1 << 20)] * 2)
    is_problem(client.post("/users", data=in_chunks, headers=kind), 413)
    too_many = client.post("/notifications", data=b"x" * (33 << 20), headers=NDJSON)
    is_problem(too_many, 413)
    assert too_many.headers["X-Request-Id"]


def test_headers_that_are_too_large_are_a_problem(client: Client) -> None:
    """Before a replica sees them."""
    is_problem(client.get("/users", headers={"X-Large": "x" * 9_000}), 431)


def test_a_subscription_goes_through(balanced: Stack, client: Client) -> None:
    """The one thing for which the protocol may change."""
    client.post("/notifications", json=HELLO | {"id": "subscribed"})
    settings = balanced.settings
    url, token = f"{settings.api_url}/graphql", settings.api_tokens["read"]
    answers = follow(url, STATUS, token=token, id="subscribed")
    assert next(answers)["notificationStatus"]["status"] == "accepted"


def test_its_counts_and_replicas_stand_apart(balanced: Stack, client: Client) -> None:
    """At a port of their own; a replica's own counts are not to be had by way of Nginx."""
    inside = f"http://{balanced.addresses['nginx.status']}"
    told = requests.get(f"{inside}/upstream", timeout=5).text.split()
    assert told == [*replicas(balanced).values()]
    assert "Active connections" in requests.get(f"{inside}/status", timeout=5).text
    assert client.get("/metrics").status_code == 404
    assert client.get("/status").status_code == 404


def test_nothing_of_it_is_outside_of_the_run_s_folder(balanced: Stack) -> None:
    """Files that it has open; what it writes into they are."""
    (pid,) = [each.pid for each in balanced.status() if each.name == "nginx"]
    family = [psutil.Process(pid), *psutil.Process(pid).children()]
    opened = {file.path for process in family for file in process.open_files()}
    assert opened
    assert all(Path(path).is_relative_to(balanced.folder) for path in opened)


# Clients that are too slow or too many


@pytest.fixture
def hasty(balanced: Stack, tmp_path: Path) -> Iterator[str]:
    """The address of another Nginx before the same replicas, which waits for nobody."""
    limits = Limits(header_timeout_s=1, body_timeout_s=1)
    service = nginx(replicas(balanced), hosts=API_HOSTS, limits=limits)
    with running(service, tmp_path) as addresses:
        yield addresses[""]


def opened(address: str, said: bytes) -> socket.socket:
    """A connection on which that has been said."""
    host, _, port = address.partition(":")
    connection = socket.create_connection((host, int(port)), timeout=20)
    connection.sendall(said)
    return connection


def head(address: str) -> bytes:
    return f"POST /notifications HTTP/1.1\r\nHost: {address}\r\n".encode()


def test_slow_clients_are_cut_off(hasty: str) -> None:
    """One that does not end its headers, and one that does not end its body."""
    unfinished = (head(hasty), head(hasty) + b"Content-Length: 100\r\n\r\n{")
    for said in unfinished:
        with opened(hasty, said) as connection:
            answer = connection.recv(1_000)
            assert answer == b"" or answer.startswith(b"HTTP/1.1 408 ")
            while connection.recv(1_000):
                pass


def test_hundreds_of_slow_clients_keep_nobody_waiting(balanced: Stack, hasty: str) -> None:
    """Each sends a byte of its headers now and then, until Nginx closes it: no byte prolongs its
    time. Meanwhile whoever asks as one should has an answer, and no replica hears of the others."""
    token = {"Authorization": f"Bearer {balanced.settings.api_tokens['read']}"}
    with contextlib.ExitStack() as connections, requests.Session() as healthy:
        slow = [connections.enter_context(opened(hasty, head(hasty))) for _ in range(SLOW_CLIENTS)]
        for each in slow:
            each.setblocking(False)

        def all_closed() -> bool:
            slow[:] = [each for each in slow if goes_on(each)]
            answer = healthy.get(f"http://{hasty}/users", headers=token, timeout=5)
            assert answer.status_code == 200
            return not slow

        assert all(goes_on(each) for each in slow), "none is closed at once"
        wait_until(all_closed, within_s=30, what="the end of the slow ones")


def goes_on(connection: socket.socket) -> bool:
    """Sends one more byte; whether the other side still listens."""
    try:
        connection.send(b"X")
        while connection.recv(1_000):
            pass  # a 408, and then the end
    except BlockingIOError:
        return True
    except ConnectionError:
        return False
    return False


def test_too_many_at_a_time_are_told_to_come_again(balanced: Stack, tmp_path: Path) -> None:
    """429 with the second after which to try, as the API says it of a token."""
    service = nginx(replicas(balanced), hosts=API_HOSTS, limits=Limits(requests_per_s=5))
    with running(service, tmp_path) as addresses:
        answers = [requests.get(f"http://{addresses['']}/health", timeout=5) for _ in range(50)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert answers[0].status_code == 200
    assert refused
    is_problem(refused[0], 429)
    assert refused[0].headers["Retry-After"] == "1"


def test_over_tls(balanced: Stack) -> None:
    """At a port of its own, with a certificate of this run, for the same names."""
    told = environment_of(balanced)
    url, trusted = f"{told['EUREKE_API_TLS']}/health", told["EUREKE_API_AUTHORITY"]
    assert requests.get(url, verify=trusted, timeout=5).json() == {"status": "ok"}
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(url, timeout=5)
    with pytest.raises(requests.ConnectionError):
        requests.get(url, verify=trusted, headers={"Host": "evil.example"}, timeout=5)


def test_without_nginx_there_is_no_tls() -> None:
    """Said before anything is started."""
    with pytest.raises(BadParameter, match="no") as raised:
        Stack.start(scenario=Scenario(apis=1), tls=True, say=quiet)
    assert "apis=2" in raised.value.remedy
