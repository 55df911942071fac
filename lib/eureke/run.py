"""A run: a scenario on a stack becomes a result, for notebook, command line and benchmark."""

import contextlib
import shutil
import signal
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec
import pandas as pd
import pyarrow.parquet as pq
import requests
from confluent_kafka import KafkaException

from eureke.errors import EurekeError, LoadFailed, ServiceFailed
from eureke.measure import latency, results, usage, validity
from eureke.measure.evidence import Marks, Span, lines, marks
from eureke.measure.floor import Floor
from eureke.measure.ledger import Account, account, merged
from eureke.measure.machine import fingerprint
from eureke.measure.observer import Seen
from eureke.measure.sampler import Sample, read_samples
from eureke.measure.timeline import timeline
from eureke.phase import (
    LOOK_S,
    QUIET_S,
    Disturb,
    Lag,
    Plan,
    Quiet,
    flat_out,
    open_loop,
    sender_progress,
    warm_up,
)
from eureke.progress import Progress
from eureke.scenario import Scenario
from eureke.stack.stack import Stack

LANE: Final = "bulk"
RESTARTS_MOST: Final = 5
FLOOR_TIMEOUT_S: Final = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One load that is over: what became of it and how long it took."""

    name: str
    account: Account
    sent: int
    wall_s: float
    """From the first send to the last receipt."""
    offered_per_s: float | None
    achieved_per_s: float
    system_cpu_s: float
    equipment_cpu_s: float
    peak_rss_mib: float
    limiter: str
    restarts: dict[str, int]
    effect_ms: latency.Percentiles | None = None
    receipt_ms: latency.Percentiles | None = None
    send_lag_p99_ms: float | None = None
    provider_busy: float = 0.0

    @property
    def throughput_per_s(self) -> float:
        """The whole load by the whole time: never a peak."""
        return self.account.records / self.wall_s if self.wall_s else 0.0


@dataclass(slots=True)
class _Recorded:
    """What the phases leave for the result's files."""

    timelines: list[pd.DataFrame] = field(default_factory=list)
    samples: pd.DataFrame | None = None


class Run:
    """A scenario on its way through a stack.

    `begin` measures the floor and warms up, `flat_out` and `open_loop` each send a load and
    account for it, `close` writes the summary. Used as a context manager it closes by itself.
    """

    def __init__(self, scenario: Scenario, stack: Stack, writer: results.ResultWriter) -> None:
        self.scenario = scenario
        self._stack = stack
        self._writer = writer
        self._work = stack.folder / "work" / writer.run_id
        self._work.mkdir(mode=0o700, parents=True)
        self._began_ns = time.monotonic_ns()
        self._machine = fingerprint()
        self._floors: list[Floor] = []
        self._phases: list[Phase] = []
        self._recorded = _Recorded()
        self._restarts: dict[str, int] = {}
        (self._work / "scenario.json").write_bytes(msgspec.json.encode(scenario))

    @classmethod
    def begin(
        cls,
        scenario: Scenario,
        stack: Stack,
        *,
        results_folder: Path | None = None,
        floor: bool = True,
    ) -> "Run":
        """A run whose stack is warm and whose floor is measured."""
        run = cls(scenario, stack, results.ResultWriter(results_folder))
        with run._aborting():
            run._prepare(flat_out(scenario))
            if scenario.warm_up:
                plan = warm_up(scenario)
                run._prepare(plan)
                run._send(plan, disturb=None)
                shutil.rmtree(run._work / plan.name)
            # After the warm-up: a cold broker would make a slow floor, which flatters.
            if floor:
                run._floors.append(run._floor("before"))
        return run

    @property
    def folder(self) -> Path:
        """The result's folder, under its temporary name until the run is closed."""
        return self._writer.folder

    def flat_out(self, *, disturb: Disturb | None = None) -> Phase:
        """Sends the whole load as fast as it goes and accounts for it.

        Args:
            disturb: is told at every look which share of the load has its outcome; faults are
                injected by it.
        """
        return self._phase(flat_out(self.scenario), disturb)

    def open_loop(self, *, disturb: Disturb | None = None) -> Phase:
        """Sends a load at times that are fixed in advance, measures latency, accounts for it."""
        plan = open_loop(self.scenario)
        with self._aborting():
            self._prepare(plan)
        return self._phase(plan, disturb)

    def close(self) -> results.Result:
        """Measures the floor again, judges, writes summary and tables, names the folder."""
        with self._aborting():
            if self._floors:
                self._floors.append(self._floor("after"))
            self._write()
            shutil.rmtree(self._work)
            return self._writer.close()

    def abort(self, reason: str) -> results.Result:
        """Ends a run that cannot go on; what it has so far is kept, and the summary says so."""
        self._write(aborted=reason)
        shutil.rmtree(self._work, ignore_errors=True)
        return self._writer.close()

    @contextlib.contextmanager
    def _aborting(self) -> Any:
        try:
            yield
        except BaseException as error:
            if self._writer.folder.name.startswith("."):
                kept = self.abort(f"{type(error).__name__}: {error}".strip())
                if isinstance(error, EurekeError):
                    error.add_note(f"what was measured so far is in {kept.folder}")
            raise

    # A load on its way

    def _prepare(self, plan: Plan) -> None:
        """Writes the load to disk before any clock starts."""
        name = f"population-{plan.name}"
        self._stack.launch(
            name,
            "eureke.world.population",
            *("--scenario", str(self._work / "scenario.json")),
            *("--phase", plan.name),
            *("--count", str(plan.count)),
            *("--arrivals", plan.arrivals),
            *("--rate", repr(plan.rate_per_s)),
            *("--salt", self._writer.run_id),
            *("--out", str(self._work / plan.name)),
        )
        self._one_shot(name, timeout_s=60 + plan.count / 20_000)

    def _phase(self, plan: Plan, disturb: Disturb | None) -> Phase:
        with self._aborting():
            self._until_settled()
            begin = self._marks()
            began_ns = time.monotonic_ns()
            self._send(plan, disturb)
            ended_ns = time.monotonic_ns()
            time.sleep(2 * LOOK_S)  # the provider, observer and sampler write what they saw
            span = Span(
                settings=self._stack.settings,
                begin=begin,
                end=self._marks(),
                load=self._work / plan.name,
                sent=self._sent(plan),
                provider=self._provider_record,
            )
            phase = self._measured(plan, span, began_ns, ended_ns)
            self._phases.append(phase)
            shutil.rmtree(span.load)
            return phase

    def _until_settled(self) -> None:
        """Waits for what an interrupted load left on its way: it belongs to no account of ours."""
        quiet = Quiet(QUIET_S)
        with Lag(self._stack.settings, LANE) as lag:
            while (state := lag.now())[0] != state[1] and not quiet.too_long(state):
                time.sleep(LOOK_S)

    def _send(self, plan: Plan, disturb: Disturb | None) -> None:
        """Starts the sender and waits until every record has its outcome, or nothing moves."""
        self._set_provider(plan)
        sent = self._sent(plan)
        name = f"sender-{plan.name}"
        tag = ("--tag", plan.tag) if plan.tag else ()
        with Lag(self._stack.settings, LANE) as lag:
            before, _ = lag.now()
            self._stack.launch(
                name,
                "eureke.world.sender",
                *("--load", str(self._work / plan.name)),
                *("--out", str(sent)),
                *tag,
            )
            try:
                self._until_over(plan, lag, before, sent, disturb)
            finally:
                if not sender_progress(sent).get("done"):
                    with contextlib.suppress(ServiceFailed):
                        self._stack.kill(name, signal.SIGTERM)
        self._one_shot(name, timeout_s=180)

    def _until_over(
        self, plan: Plan, lag: Lag, before: int, sent: Path, disturb: Disturb | None
    ) -> None:
        quiet = Quiet(QUIET_S)
        with Progress(plan.name, total=plan.count, unit="notifications") as progress:
            while True:
                time.sleep(LOOK_S)
                self._tend()
                state = sender_progress(sent)
                try:
                    settled, end = lag.now()
                except KafkaException:
                    if quiet.too_long("Kafka is away"):
                        raise
                    continue
                progress.reach(settled - before)
                if disturb is not None:
                    disturb((settled - before) / plan.count)
                if state.get("done") and settled == end:
                    return
                if quiet.too_long((state, settled, end, self._observed.stat().st_size)):
                    return  # the account will name what is missing

    def _tend(self) -> None:
        """Starts again what has died; that is kept in the result. Too often is an error."""
        for name in self._stack.ended():
            self._restarts[name] = self._restarts.get(name, 0) + 1
            if self._restarts[name] > RESTARTS_MOST:
                raise ServiceFailed(
                    f"{name} died {self._restarts[name]} times; its log ends with:\n"
                    f"{self._stack.logs(name)}",
                    remedy=f"see `eureke logs {name}` and `eureke doctor`",
                )
            self._stack.start_service(name)

    def _one_shot(self, name: str, *, timeout_s: float) -> None:
        try:
            self._stack.wait(name, timeout_s=timeout_s)
        except ServiceFailed as error:
            raise LoadFailed(self._stack.logs(name), remedy=error.remedy) from error

    def _set_provider(self, plan: Plan) -> None:
        scenario = self.scenario
        behaviour = {
            "seed": scenario.seed,
            "latency_median_ms": plan.latency_median_ms,
            "latency_sigma": scenario.latency_sigma,
            "item_failure_share": plan.item_failure_share,
            "unavailable_share": scenario.unavailable_share,
            "throttled_share": scenario.throttled_share,
            "stalled_share": scenario.stalled_share,
            "reset_before_share": scenario.reset_before_share,
            "reset_after_share": scenario.reset_after_share,
            "honours_keys": scenario.honours_keys,
        }
        url = f"{self._stack.settings.provider_url}/settings"
        requests.put(url, json=behaviour, timeout=10).raise_for_status()

    # What is measured of it

    @property
    def _observed(self) -> Path:
        return self._stack.folder / "observed.ndjson"

    @property
    def _provider_record(self) -> Path:
        return self._stack.folder / "provider.ndjson"

    def _sent(self, plan: Plan) -> Path:
        return self._work / f"sent-{plan.name}.parquet"

    def _marks(self) -> Marks:
        """Where everything ends now; a broker that has just died is brought back for it."""
        try:
            return marks(self._stack.settings, self._observed, self._provider_record)
        except KafkaException:
            self._tend()
            return marks(self._stack.settings, self._observed, self._provider_record)

    def _samples(self, begin_ns: int, end_ns: int) -> list[Sample]:
        return usage.between(read_samples(self._stack.folder / "samples.ndjson"), begin_ns, end_ns)

    def _measured(self, plan: Plan, span: Span, began_ns: int, ended_ns: int) -> Phase:
        found = account(span.evidence(), scratch=self._work)
        sent = pq.read_table(span.sent, columns=["sent_ns"])["sent_ns"].to_numpy()
        first_ns = int(sent.min()) if len(sent) else began_ns
        last_ns = self._last_receipt_ns(span, default=ended_ns)
        samples = self._samples(first_ns, last_ns)
        self._recorded.timelines.append(
            timeline(
                plan.name,
                span=span,
                observed=self._observed,
                samples=samples,
                begin_ns=first_ns,
            )
        )
        cpu_s = usage.cpu_seconds(samples)
        span_s = (samples[-1].t_ns - samples[0].t_ns) / 1e9 if len(samples) > 1 else 0.0
        sending_s = (int(sent.max()) - first_ns) / 1e9 if len(sent) > 1 else 0.0
        equipment_s = sum(spent for name, spent in cpu_s.items() if usage.is_equipment(name))
        return Phase(
            name=plan.name,
            account=found,
            sent=len(sent),
            wall_s=(last_ns - first_ns) / 1e9,
            offered_per_s=plan.rate_per_s if plan.open_loop else None,
            achieved_per_s=(len(sent) - 1) / sending_s if sending_s else 0.0,
            system_cpu_s=sum(cpu_s.values()) - equipment_s,
            equipment_cpu_s=equipment_s,
            peak_rss_mib=usage.peak_rss_mib(samples),
            limiter=usage.limiter(samples, cores=self._machine.cores_usable),
            restarts=dict(self._restarts),
            provider_busy=cpu_s.get("provider", 0.0) / span_s if span_s else 0.0,
            **self._latencies(plan, span),
        )

    def _latencies(self, plan: Plan, span: Span) -> dict[str, Any]:
        """Latency comes from open loop only: a load as fast as it goes has time in system."""
        if not plan.open_loop:
            return {}
        table = latency.samples(span, self._observed)
        self._recorded.samples = table
        lag_ms = latency.send_lag_ms(span.sent)
        return {
            "effect_ms": latency.percentiles(table["effect_ms"].dropna().to_numpy()),
            "receipt_ms": latency.percentiles(table["receipt_ms"].dropna().to_numpy()),
            "send_lag_p99_ms": latency.percentiles(lag_ms).p99,
        }

    def _last_receipt_ns(self, span: Span, *, default: int) -> int:
        decode = msgspec.json.Decoder(Seen).decode
        seen = [decode(line) for line in lines(self._observed, span.begin, span.end)]
        return max((each.t_ns for each in seen if each.final), default=default)

    def _floor(self, name: str) -> Floor:
        out = self._work / f"floor-{name}.json"
        load = self._floor_load()
        self._stack.launch(
            f"floor-{name}", "eureke.measure.floor", "--load", str(load), "--out", str(out)
        )
        self._one_shot(f"floor-{name}", timeout_s=FLOOR_TIMEOUT_S)
        return msgspec.json.decode(out.read_bytes(), type=Floor)

    def _floor_load(self) -> Path:
        """The flat-out load; written again where it was removed after its phase."""
        plan = flat_out(self.scenario)
        if not (self._work / plan.name).exists():
            self._prepare(plan)
        return self._work / plan.name

    # What is kept

    def _write(self, aborted: str = "") -> None:
        self._writer.write_json("run.json", self._run_json())
        self._writer.write_json("summary.json", self._summary(aborted))
        total = merged(phase.account for phase in self._phases)
        self._writer.write_json("account.json", asdict(total))
        if self._recorded.timelines:
            pd.concat(self._recorded.timelines).to_parquet(self.folder / "timeline.parquet")
        if self._recorded.samples is not None:
            self._recorded.samples.to_parquet(self.folder / "samples.parquet")
            latency.write_hdr(self._recorded.samples, self.folder / "latency.hdr")

    def _run_json(self) -> dict[str, Any]:
        return {
            "scenario": asdict(self.scenario),
            "machine": asdict(self._machine),
            "backend": self._stack.backend,
            "backend_reason": self._stack.backend_reason,
            "settings": self._public_settings(),
            "floors": [msgspec.to_builtins(floor) for floor in self._floors],
            "notes": "one broker, replication 1, no fsync: acks=all costs nothing here",
        }

    def _public_settings(self) -> Mapping[str, Any]:
        secret = ("kafka", "redis_queue", "redis_cache", "provider_url")
        values = asdict(self._stack.settings)
        return {name: value for name, value in values.items() if name not in secret}

    def _summary(self, aborted: str) -> dict[str, Any]:
        total = merged(phase.account for phase in self._phases)
        main = self._phases[0] if self._phases else None
        paced = next((phase for phase in self._phases if phase.offered_per_s), None)
        floor_s = (
            sum(floor.total_s for floor in self._floors) / len(self._floors)
            if self._floors
            else None
        )
        ratio = main.wall_s / floor_s if main and floor_s and main is not paced else None
        reasons = validity.invalid_reasons(self._facts(main, paced))
        drift = self._drift()
        counts = {name: value for name, value in asdict(total).items() if name != "culprits"}
        return counts | {
            "scenario": self.scenario.name,
            "aborted": bool(aborted),
            "abort_reason": aborted,
            "accounted": bool(self._phases) and all(each.account.closes for each in self._phases),
            "valid": not reasons and not aborted,
            "invalid_reasons": reasons,
            "wall_s": main.wall_s if main else None,
            "throughput_per_s": main.throughput_per_s if main else None,
            "times_faster_than_hour": main.throughput_per_s / (1_000_000 / 3600) if main else None,
            "kafka_floor_s": floor_s,
            "floor_ratio": ratio,
            "floor_drift": drift,
            "floor_ratio_valid": drift is not None and drift <= validity.FLOOR_DRIFT_MOST,
            "limiter": main.limiter if main else None,
            "effect_ms": asdict(paced.effect_ms) if paced and paced.effect_ms else None,
            "receipt_ms": asdict(paced.receipt_ms) if paced and paced.receipt_ms else None,
            "system_cpu_s": main.system_cpu_s if main else None,
            "equipment_cpu_s": main.equipment_cpu_s if main else None,
            "peak_rss_mib": max((each.peak_rss_mib for each in self._phases), default=None),
            "restarts": self._restarts,
            "phases": {phase.name: _told(phase) for phase in self._phases},
        }

    def _drift(self) -> float | None:
        if len(self._floors) < 2:
            return None
        return validity.floor_drift(self._floors[0].total_s, self._floors[-1].total_s)

    def _facts(self, main: Phase | None, paced: Phase | None) -> validity.Facts:
        path = self._stack.folder / "samples.ndjson"
        samples = read_samples(path, begin_ns=self._began_ns)
        return validity.Facts(
            offered_per_s=paced.offered_per_s if paced else None,
            achieved_per_s=paced.achieved_per_s if paced else None,
            send_lag_p99_ms=paced.send_lag_p99_ms if paced else None,
            clock_step_s=validity.clock_step_s(samples),
            provider_busy=main.provider_busy if main else 0.0,
        )


def _told(phase: Phase) -> dict[str, Any]:
    """A phase for the summary."""
    told = asdict(phase) | {"throughput_per_s": phase.throughput_per_s}
    told["account"].pop("culprits")
    return told
