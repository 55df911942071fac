"""Loads on their way: prepared, sent, watched until every record has its outcome."""

import contextlib
import signal
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
import requests
from confluent_kafka import KafkaException

from eureke.errors import LoadFailed, ServiceFailed
from eureke.phase import Disturb, Lag, Plan, Quiet, sender_progress
from eureke.progress import Look, Progress, Watch, unwatched
from eureke.scenario import Scenario
from eureke.stack.folder import unwritable
from eureke.stack.stack import Stack
from eureke.world.people import write_people
from eureke.world.population import write_load

LOOK_S: Final = 0.2
QUIET_S: Final = 45.0
"""Nothing sent and no outcome for so long: what is missing will not come by itself."""
RESTARTS_MOST: Final = 5
SENDERS: Final = {"kafka": "eureke.world.sender", "api": "eureke.world.api_sender"}
PEOPLE_BY: Final = ("seed", "users", "opted_out_share", "quiet_share", "capped_share", "input")
"""What the people of a scenario depend on."""
UNDER_WAY_MOST: Final = 100
"""So few without an outcome while others still come: the load before them is through."""


class Traffic:
    """Sends loads through a stack, and starts again what dies meanwhile."""

    def __init__(
        self,
        scenario: Scenario,
        stack: Stack,
        work: Path,
        *,
        salt: str,
        watch: Watch = unwatched,
    ) -> None:
        self._scenario = scenario
        self._watch = watch
        self._stack = stack
        self._work = work
        self._salt = salt
        self.restarts: dict[str, int] = {}

    def load(self, plan: Plan) -> Path:
        """The folder of a plan's load."""
        return self._work / plan.name

    def record(self, plan: Plan) -> Path:
        """The sender's record of a plan."""
        return self._work / f"sent-{plan.name}.parquet"

    def prepare(self, plan: Plan) -> None:
        """Writes the load to disk before any clock starts, unless it is there."""
        if self.load(plan).exists():
            return
        write_load(
            self._scenario,
            self.load(plan),
            phase=plan.name,
            count=plan.count,
            arrivals=plan.arrivals,
            rate_per_s=plan.rate_per_s,
            salt=self._salt,
            day=self._next_day(),
            priority=plan.priority,
        )

    def settle_in(self) -> None:
        """Puts the scenario's people into the users database, unless they are there already."""
        told = msgspec.json.encode([getattr(self._scenario, name) for name in PEOPLE_BY])
        known = self._stack.folder / "people.json"
        if known.exists() and known.read_bytes() == told:
            return
        table = self._work / "people.parquet"
        try:
            write_people(self._scenario, table)
        except OSError as error:
            raise unwritable(error) from error
        self._stack.launch(
            "users",
            "eureke.pipeline.users",
            *("--import", str(table)),
            side="system",
            contained=False,
        )
        self.one_shot("users", timeout_s=300)
        for lane in self._stack.settings.lanes:
            if self._has_records(lane.name):  # its dispatchers remember what they have asked for
                for name in self._stack.names:
                    if name.startswith(f"dispatcher-{lane.name}-"):
                        self._stack.restart(name)
        known.write_bytes(told)

    def _has_records(self, lane: str) -> bool:
        with Lag(self._stack.settings, lane) as lag:
            return lag.now()[1] > 0

    def _next_day(self) -> int:
        """A day that no other load of this stack was created on."""
        days = self._stack.folder / "days"
        with days.open("ab") as file:
            file.write(b".")
            return file.tell()

    def one_shot(self, name: str, *, timeout_s: float) -> None:
        """Waits for a process that ends by itself; its last words are the error."""
        try:
            self._stack.wait(name, timeout_s=timeout_s)
        except ServiceFailed as error:
            raise LoadFailed(
                self._stack.logs(name) or error.what.splitlines()[0], remedy=error.remedy
            ) from error

    def send(
        self, plan: Plan, *, beside: Plan | None = None, disturb: Disturb | None = None
    ) -> None:
        """Sends a load; returns when every record has its outcome, or nothing moves any more.

        Args:
            plan: what is sent.
            beside: is sent at the same time for as long as the other takes.
            disturb: is told at every look which share of the load has its outcome.
        """
        self.behave(plan)
        with contextlib.ExitStack() as ending:
            if beside is not None:
                ending.callback(self._until_settled, beside.lane)
                ending.enter_context(self._sender(beside))
            lag = ending.enter_context(Lag(self._stack.settings, plan.lane))
            before, _ = lag.now()
            with self._sender(plan):
                shared = beside is not None and beside.lane == plan.lane
                self._until_over(plan, lag, before, disturb, UNDER_WAY_MOST if shared else 0)

    def settle(self) -> None:
        """Waits for what an interrupted load left on its way: it belongs to no account of ours."""
        self.tend()
        for lane in self._stack.settings.lanes:
            self._until_settled(lane.name)

    def _until_settled(self, lane: str) -> None:
        quiet = Quiet(QUIET_S)
        with Lag(self._stack.settings, lane) as lag:
            while True:
                found = _found(lag, quiet)
                if found and (found[0] == found[1] or quiet.too_long(self._observed())):
                    return
                time.sleep(LOOK_S)

    def _observed(self) -> int:
        """Grows with every outcome but those of canaries, which never cease."""
        return (self._stack.shared / "observed.ndjson").stat().st_size

    def tend(self) -> None:
        """Starts again what has died; that is kept in the result. Too often is an error."""
        for name in self._stack.ended():
            self.restarts[name] = self.restarts.get(name, 0) + 1
            if self.restarts[name] > RESTARTS_MOST:
                raise ServiceFailed(
                    f"{name} died {self.restarts[name]} times; its log ends with:\n"
                    f"{self._stack.logs(name)}",
                    remedy=f"see `eureke logs {name}` and `eureke doctor`",
                )
            self._stack.start_service(name)

    @contextlib.contextmanager
    def _sender(self, plan: Plan) -> Iterator[None]:
        """A sender that is told to stop at the end of the block, and has ended after it."""
        name, record = f"sender-{plan.name}", self.record(plan)
        options = ["--tag", plan.tag] if plan.tag else []
        for address in plan.to:
            options += ["--to", address]
        self._stack.launch(
            name,
            SENDERS[self._scenario.entrance],
            *("--load", str(self.load(plan))),
            *("--lane", plan.lane),
            *("--out", str(record)),
            *options,
        )
        try:
            yield
        finally:
            if not sender_progress(record).get("done"):
                with contextlib.suppress(ServiceFailed):
                    self._stack.kill(name, signal.SIGTERM)
        self.one_shot(name, timeout_s=180)

    def _until_over(
        self, plan: Plan, lag: Lag, before: int, disturb: Disturb | None, slack: int
    ) -> None:
        quiet, began_s = Quiet(QUIET_S), time.monotonic()
        with Progress(plan.name, total=plan.count, unit="notifications") as progress:
            while True:
                time.sleep(LOOK_S)
                self.tend()
                state = sender_progress(self.record(plan))
                found = _found(lag, quiet)
                if found is None:
                    continue
                settled, end = found
                over = bool(state.get("done")) and end - settled <= slack
                progress.reach(settled - before)
                self._watch(
                    Look(
                        phase=plan.name,
                        t_s=time.monotonic() - began_s,
                        sent=end - before,
                        settled=settled - before,
                        total=plan.count,
                        over=over,
                    )
                )
                if disturb is not None:
                    disturb((settled - before) / plan.count)
                if over:
                    return
                if quiet.too_long((state, self._observed())):
                    return  # the account will name what is missing

    def behave(self, plan: Plan) -> None:
        """Makes the provider behave as the plan says."""
        scenario = self._scenario
        behaviour: dict[str, Any] = {
            "seed": scenario.seed,
            "latency_median_ms": plan.latency_median_ms,
            "latency_sigma": scenario.latency_sigma,
            "item_failure_share": plan.item_failure_share,
            "unavailable_share": scenario.unavailable_share,
            "throttled_share": scenario.throttled_share,
            "stalled_share": scenario.stalled_share,
            "reset_before_share": scenario.reset_before_share,
            "reset_after_share": scenario.reset_after_share,
            "only_channel": "",
            "honours_keys": scenario.honours_keys,
        }
        change_provider(self._stack, behaviour)


def _found(lag: Lag, quiet: Quiet) -> tuple[int, int] | None:
    """What a lane's lag is now; None where Kafka is away, and for too long is an error."""
    try:
        return lag.now()
    except KafkaException:
        if quiet.too_long("Kafka is away"):
            raise
        return None


def change_provider(stack: Stack, behaviour: Mapping[str, Any]) -> None:
    """Changes how a stack's provider answers from now on."""
    url = f"{stack.settings.provider_url}/settings"
    requests.put(url, json=dict(behaviour), timeout=10).raise_for_status()
