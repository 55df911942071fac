"""A stack that is watched: whom Prometheus asks, and that its sums are those of the account."""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import requests
import yaml
from confluent_kafka import Producer
from tests.waiting import wait_until

from eureke import programs
from eureke.dashboards import BOARDS, RULES
from eureke.errors import BadParameter, ProgramMissing, ServiceFailed
from eureke.experiments import alarm, scrapes, signals
from eureke.measure.account import Account
from eureke.measure.prometheus import Prometheus
from eureke.programs.sought import Sought
from eureke.run import Run
from eureke.scenario import Scenario
from eureke.stack.display import environment
from eureke.stack.ports import free_ports
from eureke.stack.stack import Stack
from eureke.stack.targets import FILE
from eureke.watched import Watched

SCENARIO = Scenario(
    count=20_000,
    urgent_per_s=20,
    open_loop_s=0,
    warm_up=0,
    users=2_000,
    dispatchers=2,
    workers=2,
    apis=2,
    monitoring=True,
    scrape_interval_s=1.0,
)
SETTLED = ("delivered", "suppressed", "expired", "duplicate", "malformed", "dead_lettered")
SERIES_MOST = 3_000
SENSIBLE = {
    "per_s": (0, 1e6),
    "seconds": (0, 600),
    "bytes": (1e5, 1e11),
    "share": (0, 1),
    "count": (0, 1e6),
    "cores": (0, 64),
}
"""Between these a value of the unit may lie; what is told in another one does not."""


@pytest.fixture(scope="module")
def watched() -> Iterator[Stack]:
    """A stack with two of each kind, and Prometheus."""
    with Stack.start(scenario=SCENARIO, say=lambda _line: None) as warm:
        yield warm


@pytest.fixture
def alone(watched: Stack) -> Iterator[None]:
    """Nothing but the load: canaries are no part of an account, and would be of the sums."""
    watched.pause("canary")
    yield
    watched.resume("canary")


@pytest.fixture
def prometheus(watched: Stack) -> Prometheus:
    """The one of that stack, which has asked everybody."""
    found = Prometheus(watched.settings.prometheus_url)
    found.until_scraped(time.time())
    return found


def sums(prometheus: Prometheus) -> dict[str, float]:
    """What all processes together have counted so far, each kind of them for itself."""
    prometheus.until_scraped(time.time())
    outcomes = prometheus.now("sum by (outcome) (eureke_dispatcher_outcomes_total)")
    found = dict(zip(outcomes["outcome"], outcomes["value"], strict=True))
    for name, query in {
        "records": "eureke_dispatcher_records_total",
        "told by workers": 'eureke_worker_notifications_total{outcome="delivered"}',
        "effects": 'eureke_provider_items_total{result="effect"}',
    }.items():
        found[name] = float(prometheus.now(f"sum({query})")["value"].sum())
    return found


def of_account(account: Account) -> dict[str, float]:
    """The same, as the ledger counts it."""
    return {
        **{name: getattr(account, name) for name in SETTLED if name != "duplicate"},
        "duplicate": account.duplicates,
        "records": account.records,
        "told by workers": account.delivered,
        "effects": account.delivered,
    }


def counted(
    scenario: Scenario, stack: Stack, prometheus: Prometheus, folder: Path
) -> tuple[dict[str, float], Account]:
    """What a run added to the sums, and its account."""
    wait_until(lambda: idle(prometheus), within_s=40, what="the last canary's outcome")
    run = Run.begin(scenario, stack, results_folder=folder, floor=False)
    before = sums(prometheus)
    account = run.flat_out().account
    run.close()
    return {name: value - before[name] for name, value in sums(prometheus).items()}, account


def idle(prometheus: Prometheus) -> bool:
    prometheus.until_scraped(time.time())
    return float(prometheus.now("sum(eureke_kafka_lag_records)")["value"].iloc[0]) == 0


def by_instance(table: pd.DataFrame) -> dict[str, float]:
    return dict(zip(table["instance"], table["value"], strict=True))


def test_everybody_who_tells_of_itself_is_asked(watched: Stack, prometheus: Prometheus) -> None:
    """By the names that the stack has for them."""
    assert environment(watched)["EUREKE_PROMETHEUS"] == watched.settings.prometheus_url
    targets = prometheus.targets()
    assert [each for each in targets if not each.up] == []
    assert {each.instance for each in targets} == {
        *("api-1", "api-2", "provider", "exporter", "canary"),
        *("dispatcher-bulk-1", "dispatcher-bulk-2", "dispatcher-urgent-1"),
        *("worker-bulk-1", "worker-bulk-2", "worker-urgent-1"),
    }
    servers = prometheus.now("eureke_exporter_up == 1")["server"]
    assert set(servers) == {"kafka", "redis-queue", "redis-cache", "nginx", "host"}


@pytest.mark.usefixtures("alone")
def test_the_sums_are_those_of_the_account(
    watched: Stack, prometheus: Prometheus, tmp_path: Path
) -> None:
    """To the last record: what dispatchers, workers, provider and senders have counted."""
    found, account = counted(SCENARIO, watched, prometheus, tmp_path)
    assert account.closes, account
    assert found == of_account(account)
    sent = prometheus.now('sum by (fate) (eureke_sender_records_total{tag=""})')
    fates = dict(zip(sent["fate"], sent["value"], strict=True))
    assert fates == {
        name: getattr(account, name) for name in ("acknowledged", "refused", "unknown")
    }
    tasks = by_instance(prometheus.now('eureke_worker_tasks_total{result="answered"}'))
    assert all(tasks.values()), "each worker had a part in it"
    stages = prometheus.now("sum by (stage) (eureke_dispatcher_stage_seconds_count)")
    totals = sums(prometheus)
    assert dict(zip(stages["stage"], stages["value"], strict=True)) == {
        "kafka": totals["records"],
        **dict.fromkeys(("dispatch", "queue", "provider", "receipt"), totals["delivered"]),
    }


def test_every_question_of_the_dashboards_and_the_rules_has_an_answer(
    watched: Stack, prometheus: Prometheus, tmp_path: Path
) -> None:
    """In a run through everything there is; what is rare may be missing, and nothing else."""
    scenario = replace(SCENARIO, entrance="api", count=10_000)
    run = Run.begin(scenario, watched, results_folder=tmp_path, floor=False)
    account = run.flat_out().account
    result = run.close()
    assert result.summary["monitoring"] == "whole"
    lines = result.table("panels")
    for board in BOARDS:
        for panel in board.panels:
            drawn = lines[(lines["board"] == board.id) & (lines["panel"] == panel.title)]
            assert panel.rare or len(drawn), f"{board.id}: {panel.title}"
            least, most = SENSIBLE[panel.unit]
            assert drawn["value"].between(least, most).all(), f"{board.id}: {panel.title}"
    known = set(prometheus.now('count by (__name__) ({__name__=~".+"})')["__name__"])
    asked = set(re.findall(r"eureke_[a-z_]+", yaml.safe_load(RULES.read_text()).__repr__()))
    assert asked <= known
    agreement = result.table("agreement").set_index("outcome")
    assert agreement.loc["suppressed", "prometheus"] == account.suppressed > 0
    # Canaries on their way when it was asked are all that may differ.
    differ = agreement["prometheus"] - agreement["account"]
    assert differ.drop("delivered").eq(0).all()
    assert abs(differ["delivered"]) <= 2 * SCENARIO.partitions


@pytest.mark.usefixtures("alone")
def test_control_with_one_worker_left_out_the_sums_are_others(
    watched: Stack, prometheus: Prometheus, tmp_path: Path
) -> None:
    """The comparison would notice."""
    file = watched.folder / FILE
    targets = json.loads(file.read_text())
    left = [each for each in targets if each["labels"]["instance"] != "worker-bulk-2"]
    file.write_text(json.dumps(left))
    try:
        until_there_are(len(left), prometheus)
        bulk = replace(SCENARIO, urgent_per_s=0)
        found, account = counted(bulk, watched, prometheus, tmp_path)
    finally:
        file.write_text(json.dumps(targets))
        until_there_are(len(targets), prometheus)
    assert account.closes, account
    differing = {name for name, value in of_account(account).items() if found[name] != value}
    assert differing == {"told by workers"}


def test_who_comes_is_asked_and_who_goes_is_not(watched: Stack, prometheus: Prometheus) -> None:
    """What the stack is scaled by is in the file that Prometheus looks at."""
    before = len(prometheus.targets())
    watched.scale("worker", 3)
    until_there_are(before + 1, prometheus)
    prometheus.until_scraped(time.time())
    assert by_instance(prometheus.now('up{job="worker"}'))["worker-bulk-3"] == 1
    watched.scale("worker", 2)
    until_there_are(before, prometheus)
    assert [each for each in prometheus.targets() if not each.up] == []


def test_whoever_is_away_or_answers_garbage_is_down_and_the_others_are_not(
    watched: Stack, prometheus: Prometheus
) -> None:
    """A file of targets that cannot be read changes nothing."""
    file = watched.folder / FILE
    targets = json.loads(file.read_text())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=babble, args=(listener,), daemon=True).start()
        strangers = {"garbage": listener.getsockname()[1], "away": free_ports(1)[0]}
        added = [
            {"targets": [f"127.0.0.1:{port}"], "labels": {"job": "stranger", "instance": name}}
            for name, port in strangers.items()
        ]
        try:
            file.write_text(json.dumps([*targets, *added]))
            until_there_are(len(targets) + 2, prometheus)
            prometheus.until_scraped(time.time())
            down = {each.instance: each.trouble for each in prometheus.targets() if not each.up}
            assert set(down) == {"garbage", "away"}
            assert all(down.values())
            file.write_text("[")
            prometheus.until_scraped(time.time())
            assert len(prometheus.targets()) == len(targets) + 2
        finally:
            file.write_text(json.dumps(targets))
            until_there_are(len(targets), prometheus)
            listener.shutdown(socket.SHUT_RDWR)


def until_there_are(count: int, prometheus: Prometheus) -> None:
    wait_until(
        lambda: len(prometheus.targets()) == count, within_s=20, what="the change of targets"
    )


def babble(listener: socket.socket) -> None:
    """Answers every request with what is no metric."""
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return  # the test is over
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n<html>Welcome!")


def test_what_strangers_make_up_does_not_become_series(
    watched: Stack, prometheus: Prometheus
) -> None:
    """Unknown routes, methods, channels and records; however many, the series are as many."""

    def garbage(number: int) -> None:
        for name in ("api-1", "api-2"):
            api = f"http://{watched.addresses[name]}"
            for method in ("GET", "PURGE", "MKCOL", "PROPFIND", f"GARBAGE{number}"):
                requests.request(method, f"{api}/nowhere/{number}", timeout=5)
                requests.request(method, f"{api}/users/{number}?a={number}", timeout=5)
        provider = watched.settings.provider_url
        requests.post(f"{provider}/v1/pigeon-{number}", json=[], timeout=5)
        requests.put(f"{provider}/nowhere/{number}", timeout=5)
        requests.post(f"{provider}/v1/sms", data=b"{", timeout=5)
        producer = Producer({"bootstrap.servers": watched.settings.kafka})
        value = json.dumps({"id": f"made-up-{number}", "channel": f"pigeon-{number}"})
        producer.produce(watched.settings.lane("bulk").topic, value.encode())
        assert producer.flush(10) == 0

    def series() -> float:
        prometheus.until_scraped(time.time())
        ours = prometheus.now('count({__name__=~"eureke_.*"})')
        return float(ours["value"].iloc[0])

    garbage(0)
    before = series()
    for number in range(1, 6):
        garbage(number)
    assert series() == before < SERIES_MOST
    assert "pigeon" not in "".join(map(str, prometheus.now('{__name__=~"eureke_.*"}').to_numpy()))


def test_nobody_but_the_stack_can_steer_it(watched: Stack, prometheus: Prometheus) -> None:
    """No reload, no end, no deleting by HTTP, and no page of the web reads it."""
    url = watched.settings.prometheus_url
    for path in ("-/reload", "-/quit", "api/v1/admin/tsdb/delete_series?match[]=up"):
        assert not requests.post(f"{url}/{path}", timeout=5).ok, path
    answer = requests.get(f"{url}/api/v1/query?query=up", headers={"Origin": "http://a"}, timeout=5)
    assert answer.ok
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert all(each.up for each in prometheus.targets())


def test_prometheus_killed_in_mid_run(watched: Stack, tmp_path: Path) -> None:
    """The run goes on, its account closes, and Prometheus is back with what it knew."""
    prometheus = Prometheus(watched.settings.prometheus_url)
    prometheus.until_scraped(time.time())
    known_s = time.time()
    killed: list[float] = []

    def kill(share: float) -> None:
        if share > 0 and not killed:
            killed.append(share)
            watched.kill("prometheus")

    scenario = replace(SCENARIO, latency_median_ms=150, urgent_per_s=0)
    run = Run.begin(scenario, watched, results_folder=tmp_path, floor=False)
    phase = run.flat_out(disturb=kill)
    run.close()
    assert killed[0] < 1, "the load was over before the fault"
    assert phase.account.closes, phase.account
    assert phase.restarts == {"prometheus": 1}
    prometheus.until_scraped(time.time())
    assert [each for each in prometheus.targets() if not each.up] == []
    assert len(prometheus.now("up", at_s=known_s)) == len(prometheus.targets())


@pytest.fixture
def small_disk(watched: Stack) -> Iterator[Path]:
    """Prometheus' data on a disk of its own with little room; skipped where none can be mounted."""
    data = watched.folder / "data" / "prometheus" / "data"
    watched.stop_service("prometheus")
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m,mode=0700", "tmpfs", str(data)]
    mounted = os.getuid() == 0 and subprocess.run(mount, check=False).returncode == 0
    try:
        watched.start_service("prometheus")
        if not mounted:
            pytest.skip("a small disk can be mounted by root alone")
        yield data
    finally:
        if mounted:
            watched.stop_service("prometheus")
            subprocess.run(["umount", str(data)], check=True)  # noqa: S607  where PATH says
            watched.start_service("prometheus")


def test_prometheus_disk_full_in_mid_run(watched: Stack, small_disk: Path, tmp_path: Path) -> None:
    """The run goes on and its account closes; the report says what is missing."""
    Prometheus(watched.settings.prometheus_url).until_scraped(time.time())
    filler = small_disk / "filler"

    def fill(share: float) -> None:
        if share > 0 and not filler.exists():
            with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(4096))

    scenario = replace(SCENARIO, count=10_000, latency_median_ms=150, urgent_per_s=0)
    run = Run.begin(scenario, watched, results_folder=tmp_path, floor=False)
    phase = run.flat_out(disturb=fill)
    result = run.close()
    assert filler.exists()
    assert shutil.disk_usage(small_disk).free == 0
    assert phase.account.closes, phase.account
    assert phase.restarts == {}, "it does not die of it"
    assert "Prometheus has kept no sample of api-1" in result.summary["monitoring"]
    assert len(result.table("panels")) > 0, "what was kept before is in the result"


def test_a_hole_in_what_was_kept_is_told_once_all_is_well_again(
    watched: Stack, prometheus: Prometheus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the end every question has an answer, and some lines are cut through."""
    monkeypatch.setattr("eureke.watched.HOLE_S", 2.5)
    kept = Watched(watched.settings.prometheus_url, interval_s=0.25)
    kept.begin_phase()
    watched.pause("prometheus")
    over_s = time.monotonic() + 3.5
    wait_until(lambda: time.monotonic() > over_s, within_s=10, what="the end of a hole")
    watched.resume("prometheus")
    prometheus.until_scraped(time.time())
    kept.write(tmp_path)
    assert re.match(r"Prometheus kept nothing for \d+\.\d s, from [01] s on", kept.trouble)


@pytest.mark.parametrize("step_s", [-3600.0, 3600.0])
def test_a_clock_that_steps_in_mid_run_loses_nothing(
    watched: Stack, prometheus: Prometheus, tmp_path: Path, step_s: float
) -> None:
    """Backwards and forwards: what was kept is in the result, and the report says that it did."""
    stepped_s = 0.0
    kept = Watched(
        watched.settings.prometheus_url,
        interval_s=SCENARIO.scrape_interval_s,
        clock=lambda: time.time() + stepped_s,
    )
    prometheus.until_scraped(time.time())
    stepped_s = step_s
    kept.write(tmp_path)
    assert kept.trouble.startswith(f"the wall clock stepped by {step_s:+.1f} s")
    assert len(pd.read_parquet(tmp_path / "panels.parquet")) > 0


def test_an_alert_is_pending_fires_and_ends(watched: Stack, prometheus: Prometheus) -> None:
    """In this order, for the process that was killed and for no other."""
    looks = alarm(watched, prometheus, kill="api-2")
    states = looks["state"][looks["state"] != looks["state"].shift()]
    assert [each for each in states if each != "pending"] == ["inactive", "firing", "inactive"]
    assert looks.loc[looks["state"] == "firing", "running"].iloc[0] == False  # noqa: E712
    assert prometheus.alerts() == []
    with pytest.raises(ServiceFailed, match="NoSuchAlert of worker-bulk-2 is inactive"):
        alarm(watched, prometheus, kill="worker-bulk-2", alert="NoSuchAlert", within_s=0)
    watched.start_service("worker-bulk-2")
    prometheus.until_scraped(time.time())


def test_every_question_of_the_chapter_has_an_answer(
    watched: Stack, prometheus: Prometheus
) -> None:
    """Once a notification has come in by the API and was delivered."""
    headers = {"Authorization": f"Bearer {watched.settings.api_tokens['write']}"}
    note = {"user_id": 7, "channel": "email", "template": "hello"}
    url = f"{watched.settings.api_url}/notifications"
    assert requests.post(url, json=note, headers=headers, timeout=10).ok
    wait_until(
        lambda: "no data" not in set(signals(prometheus, at_s=time.time())["answer"]),
        within_s=20,
        what="an answer to each question",
    )


def test_samples_are_left_out_and_none_is_invented(watched: Stack, prometheus: Prometheus) -> None:
    """One in so many, from each place to begin; the sampler's own looks beside them."""
    end_s = time.time()
    table = scrapes(watched, prometheus, begin_s=end_s - 4, end_s=end_s, every=(1, 3))
    kept = table[table["kind"] == "backlog"]
    all_s = set(kept.loc[kept["every"] == 1, "t_s"])
    thinned = kept[kept["every"] == 3]
    assert len(all_s) == len(thinned) == thinned["t_s"].nunique() > 0
    assert set(thinned["t_s"]) == all_s
    assert {"backlog", "read", "sampler"} == set(table["kind"])


def test_tables_of_what_was(watched: Stack, prometheus: Prometheus) -> None:
    """A row for each series and moment; no series is a table without rows."""
    end_s = time.time()
    rows = prometheus.over('up{job="worker"}', begin_s=end_s - 2, end_s=end_s, step_s=1)
    assert list(rows.columns[-2:]) == ["time_s", "value"]
    assert set(rows["instance"]) == {"worker-bulk-1", "worker-bulk-2", "worker-urgent-1"}
    assert set(rows["value"]) == {1.0}
    assert rows.groupby("instance").size().max() <= 3
    taken = prometheus.now('up{instance="worker-bulk-1"}[3s]')
    assert taken["time_s"].is_monotonic_increasing
    assert taken["time_s"].nunique() == len(taken) > 1
    assert list(prometheus.now("scalar(vector(2))")["value"]) == [2.0]
    assert len(prometheus.now("nothing_of_this_name")) == 0


def test_what_cannot_be_asked_says_why(watched: Stack, prometheus: Prometheus) -> None:
    """An expression that is none, a server that is away, a stack without one."""
    with pytest.raises(BadParameter, match="parse error"):
        prometheus.now("sum by (")
    with pytest.raises(BadParameter, match="monitoring"):
        Prometheus("")
    away = Prometheus(f"http://127.0.0.1:{free_ports(1)[0]}")
    with pytest.raises(ServiceFailed, match="does not answer"):
        away.now("up")
    with pytest.raises(ServiceFailed, match="worker-bulk-1"):
        prometheus.until_scraped(time.time() + 3600, within_s=0)


@pytest.mark.usefixtures("home")
def test_without_a_prometheus_the_stack_says_so_and_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One line; its senders write no metrics, and nobody is told an address."""

    def missing(self: Sought) -> None:
        raise ProgramMissing("there is no prometheus 2.31 or newer", remedy="install it")

    said: list[str] = []
    found = programs.REDIS.find()
    monkeypatch.setattr(
        Sought, "find", lambda self: found if self is programs.REDIS else missing(self)
    )
    scenario = Scenario(monitoring=True)
    with Stack.start(scenario=scenario, only=("redis-queue",), say=said.append) as stack:
        assert "nobody watches: there is no prometheus 2.31 or newer" in said
        assert stack.settings.prometheus_url == ""
        assert "prometheus" not in stack.names
