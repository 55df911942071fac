"""A run: a scenario on a stack becomes a result, for notebook, command line and benchmark."""

import contextlib
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec
import pandas as pd

from eureke.comparison import Peer, send_by, wait_each
from eureke.described import described
from eureke.drain import Drain
from eureke.errors import BadParameter, EurekeError
from eureke.findings import Findings
from eureke.measure import results, validity
from eureke.measure.account import merged
from eureke.measure.floor import Floor
from eureke.measure.machine import fingerprint
from eureke.measure.sampler import read_samples
from eureke.outages import Absence, away
from eureke.passage import passage, work_folder
from eureke.peers.ways import Way
from eureke.phase import (
    Disturb,
    Outage,
    Phase,
    Plan,
    flat_out,
    one_lane,
    open_loop,
    urgent,
    warm_up,
    warm_up_urgent,
)
from eureke.progress import Watch, unwatched
from eureke.scenario import Scenario
from eureke.stack.stack import Stack
from eureke.traffic import Traffic, change_provider
from eureke.verdicts import summarised
from eureke.watched import Watched

FLOOR_TIMEOUT_S: Final = 600.0


class Run:
    """A scenario on its way through a stack.

    `begin` warms up and measures the floor, `flat_out`, `one_lane` and `open_loop` each send a
    load and account for it, `close` writes the summary.
    """

    def __init__(
        self,
        scenario: Scenario,
        stack: Stack,
        writer: results.ResultWriter,
        *,
        watch: Watch = unwatched,
        watched: bool = True,
    ) -> None:
        self.scenario = scenario
        self._stack = stack
        self._writer = writer
        self._work = work_folder(stack, writer.run_id)
        self._began_ns = time.monotonic_ns()
        self._machine = fingerprint(images=stack.images)
        self._floors: list[Floor] = []
        self._phases: list[Phase] = []
        self._peers: list[Peer] = []
        self._traffic = Traffic(scenario, stack, self._work, salt=writer.run_id, watch=watch)
        self._findings = Findings(
            scenario,
            folder=writer.folder,
            observations=stack.shared,
            scratch=self._work,
            cores=self._machine.cores_usable,
        )
        url = stack.settings.prometheus_url
        self._watched = (
            Watched(url, interval_s=scenario.scrape_interval_s) if url and watched else None
        )

    @classmethod
    def begin(
        cls,
        scenario: Scenario,
        stack: Stack,
        *,
        results_folder: Path | None = None,
        floor: bool = True,
        watch: Watch = unwatched,
        watched: bool = True,
    ) -> "Run":
        """A run whose stack is warm and whose floor is measured.

        Args:
            scenario: what is sent, and how the world behaves.
            stack: what it is sent through.
            results_folder: where the result goes; to all others when None.
            floor: whether the floor is measured.
            watch: is told how far each load is, such as `charts.Live()`.
            watched: whether what Prometheus saw is kept, where there is one.
        """
        if scenario.entrance == "api" and not stack.settings.api_url:
            raise BadParameter(
                "entrance is 'api', and this stack has no API",
                remedy="start it with `apis=1`, or by a scenario with this entrance",
            )
        run = cls(
            scenario, stack, results.ResultWriter(results_folder), watch=watch, watched=watched
        )
        with run._aborting():
            run._traffic.settle_in()
            if floor:  # which sends it: one's own input is read before anything is sent
                run._traffic.prepare(flat_out(scenario))
            if scenario.warm_up:
                run._warm_up()
            # After the warm-up: a cold broker would make a slow floor, which flatters.
            if floor:
                run._floors.append(run._floor("before"))
        return run

    @property
    def folder(self) -> Path:
        """The result's folder, under its temporary name until the run is closed."""
        return self._writer.folder

    @property
    def timeline(self) -> pd.DataFrame:
        """The series of all loads so far, as the result will have them."""
        return self._findings.timeline

    def flat_out(self, *, disturb: Disturb | None = None) -> Phase:
        """Sends the whole load as fast as it goes and accounts for it.

        Args:
            disturb: is told at every look which share of the load has its outcome; faults are
                injected by it.
        """
        load, beside = flat_out(self.scenario), urgent(self.scenario)
        with self._aborting():
            return self._phase(load, beside, disturb)

    def one_lane(self) -> Phase:
        """Sends the same load with the urgent notifications in the bulk lane.

        They overtake by Celery's own priorities there: what a lane of their own is worth shows
        in the difference.
        """
        load, beside = one_lane(self.scenario), urgent(self.scenario, lane="bulk")
        with self._aborting(), self._celery_priorities():
            return self._phase(load, beside)

    def open_loop(self, *, disturb: Disturb | None = None) -> Phase:
        """Sends a load at times that are fixed in advance, measures latency, accounts for it."""
        return self.send(open_loop(self.scenario), disturb=disturb)

    def send(self, load: Plan, *, disturb: Disturb | None = None) -> Phase:
        """Sends a load of one's own making (`phase.plan`) and accounts for it."""
        with self._aborting():
            return self._phase(load, disturb=disturb)

    def outage(self, outage: Outage) -> Phase:
        """Sends an open loop whose provider is away for a while, and accounts for it."""
        absence = Absence(outage, partial(change_provider, self._stack))
        return self.send(away(self.scenario, outage), disturb=absence)

    def drain(self, load: Plan) -> Phase:
        """Sends a load while nobody reads, and accounts for it; its time begins with reading."""
        with self._aborting():
            drain = Drain(self._stack, load.lane, self._traffic.record(load))
            try:
                return self._phase(load, disturb=drain)
            finally:
                drain.release()

    def send_by(self, way: Way, load: Plan) -> Peer:
        """Sends a load in another way, to compare with."""
        with self._aborting():
            self._traffic.settle()
            out = self._work / "handed.json"
            peer = send_by(way, self._stack, self._traffic, load, out=out)
            shutil.rmtree(self._traffic.load(load))
        self._peers.append(peer)
        return peer

    def wait_each(self, load: Plan, *, clients: int) -> pd.DataFrame:
        """Sends a load by so many clients that wait for each outcome: a closed loop, in no account.

        Returns:
            A row for each notification: intended_ns, sent_ns and done_ns, by the monotonic clock.
        """
        with self._aborting():
            self._traffic.settle()
            out = self._work / "waited.parquet"
            found = wait_each(self._stack, self._traffic, load, clients=clients, out=out)
            shutil.rmtree(self._traffic.load(load))
        return found

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
    def _aborting(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            if self._writer.folder.name.startswith("."):
                kept = self.abort(f"{type(error).__name__}: {error}".strip())
                if isinstance(error, EurekeError):
                    error.add_note(f"what was measured so far is in {kept.folder}")
            raise

    @contextlib.contextmanager
    def _celery_priorities(self) -> Iterator[None]:
        """The bulk lane with Celery's priorities for as long as the block lasts."""
        before = self._stack.settings
        sides = ("dispatcher-bulk", "worker-bulk")
        names = [name for name in self._stack.names if name.startswith(sides)]
        try:
            for name in names:
                self._stack.restart(name, settings=replace(before, celery_priorities=True))
            yield
        finally:
            for name in names:
                self._stack.restart(name, settings=before)

    # A load on its way

    def _warm_up(self) -> None:
        plans = warm_up(self.scenario), warm_up_urgent(self.scenario)
        for each in plans:
            self._traffic.prepare(each)
        self._traffic.send(plans[0], beside=plans[1])
        for each in plans:
            shutil.rmtree(self._traffic.load(each))

    def _phase(
        self, load: Plan, beside: Plan | None = None, disturb: Disturb | None = None
    ) -> Phase:
        plans = [load, beside] if beside else [load]
        for each in plans:
            self._traffic.prepare(each)
        self._traffic.settle()
        if self._watched is not None:
            self._watched.begin_phase()
        through = passage(self._stack, self._traffic, load, beside=beside, disturb=disturb)
        phase = self._findings.of(load, through, disturb)
        self._phases.append(phase)
        if self._watched is not None:
            self._watched.end_phase(phase.name, phase.account)
        for each in plans:
            shutil.rmtree(self._traffic.load(each))
        return phase

    def _floor(self, name: str) -> Floor:
        out = self._work / f"floor-{name}.json"
        load = self._floor_load()
        self._stack.launch(
            f"floor-{name}", "eureke.measure.floor", "--load", str(load), "--out", str(out)
        )
        self._traffic.one_shot(f"floor-{name}", timeout_s=FLOOR_TIMEOUT_S)
        return msgspec.json.decode(out.read_bytes(), type=Floor)

    def _floor_load(self) -> Path:
        """The flat-out load; written again where it was removed after its phase."""
        load = flat_out(self.scenario)
        self._traffic.prepare(load)
        return self._traffic.load(load)

    # What is kept

    def _write(self, aborted: str = "") -> None:
        if self._watched is not None:
            self._watched.write(self._writer.folder)
        run = described(self.scenario, self._stack, self._machine, self._floors)
        self._writer.write_json("run.json", run)
        self._writer.write_json("summary.json", self._summary(aborted, run))
        total = merged(phase.account for phase in self._phases)
        self._writer.write_json("account.json", asdict(total))
        self._findings.write()

    def _summary(self, aborted: str, run: Mapping[str, Any]) -> dict[str, Any]:
        path = self._stack.shared / "samples.ndjson"
        samples = read_samples(path, begin_ns=self._began_ns)
        return summarised(
            self._phases,
            self._floors,
            self._peers,
            name=self.scenario.name,
            clock_step_s=validity.clock_step_s(samples),
            restarts=self._traffic.restarts,
            aborted=aborted,
        ) | {
            "backend": results.backend_text(run),
            "stack_up_s": self._stack.up_after_s,
            "monitoring": (self._watched.trouble or "whole") if self._watched else "none",
        }
