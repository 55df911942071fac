"""What is found out about a load that is over: its account, latencies, resources and series."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from eureke.drain import Drain
from eureke.measure import latency, usage
from eureke.measure.evidence import Span
from eureke.measure.ledger import account
from eureke.measure.observer import Seen
from eureke.measure.outcomes import outcome_table
from eureke.measure.sampler import read_samples
from eureke.measure.timeline import timeline
from eureke.outages import Absence
from eureke.passage import Passage
from eureke.phase import Disturb, Phase, Plan, sender_progress
from eureke.scenario import Scenario


class Findings:
    """Makes a phase of each load's evidence, and keeps the tables that go into the result."""

    def __init__(
        self,
        scenario: Scenario,
        *,
        folder: Path,
        observations: Path,
        scratch: Path,
        cores: float,
    ) -> None:
        self._scenario = scenario
        self._folder = folder
        self._scratch = scratch
        self._cores = cores
        self._sampled = observations / "samples.ndjson"
        self._timelines: list[pd.DataFrame] = []
        self._urgent: list[pd.DataFrame] = []
        self._samples: pd.DataFrame | None = None

    def of(self, plan: Plan, through: Passage, disturb: Disturb | None) -> Phase:
        """The load, once it is through."""
        span = through.span
        found = account(span.evidence(), scratch=self._scratch)
        if self._scenario.input and plan.name == "flat-out":
            outcome_table(span).to_csv(self._folder / "outcomes.csv", index=False)
        seen = through.seen()
        sent = pq.read_table(span.loads[0].record, columns=["sent_ns"])["sent_ns"].to_numpy()
        first_ns = int(sent.min()) if len(sent) else through.began_ns
        if isinstance(disturb, Drain):
            first_ns = disturb.resumed_ns or first_ns
        final_ns = (each.t_ns for each in seen if each.final and each.lane == plan.lane)
        last_ns = max(final_ns, default=through.ended_ns)
        samples = read_samples(self._sampled, begin_ns=first_ns)
        samples = usage.between(samples, first_ns, last_ns)
        self._timelines.append(
            timeline(plan.name, span=span, seen=seen, samples=samples, begin_ns=first_ns)
        )
        cpu_s = usage.cpu_seconds(samples)
        span_s = (samples[-1].t_ns - samples[0].t_ns) / 1e9 if len(samples) > 1 else 0.0
        sending_s = (int(sent.max()) - first_ns) / 1e9 if len(sent) > 1 else 0.0
        equipment_s = sum(spent for name, spent in cpu_s.items() if usage.is_equipment(name))
        return Phase(
            name=plan.name,
            account=found,
            sent=len(sent),
            began_ns=first_ns,
            wall_s=(last_ns - first_ns) / 1e9,
            offered_per_s=plan.rate_per_s if plan.open_loop else None,
            achieved_per_s=(len(sent) - 1) / sending_s if sending_s else 0.0,
            system_cpu_s=sum(cpu_s.values()) - equipment_s,
            equipment_cpu_s=equipment_s,
            yardstick_cpu_s=sum(cpu_s.get(name, 0.0) for name in usage.YARDSTICK),
            peak_rss_mib=usage.peak_rss_mib(samples),
            limiter=usage.limiter(samples, cores=self._cores),
            restarts=through.restarts,
            provider_busy=cpu_s.get("provider", 0.0) / span_s if span_s else 0.0,
            **self._urgent_latency(plan, span, seen),
            **self._latencies(plan, span, seen, disturb),
        )

    @property
    def timeline(self) -> pd.DataFrame:
        """The series of all loads so far."""
        return pd.concat(self._timelines)

    def write(self) -> None:
        """Writes the tables into the result's folder."""
        if self._timelines:
            self.timeline.to_parquet(self._folder / "timeline.parquet")
        if self._urgent:
            pd.concat(self._urgent).to_parquet(self._folder / "urgent.parquet")
        if self._samples is not None:
            self._samples.to_parquet(self._folder / "samples.parquet")
            latency.write_hdr(self._samples, self._folder / "latency.hdr")

    def _urgent_latency(self, plan: Plan, span: Span, seen: Sequence[Seen]) -> dict[str, Any]:
        """Of the load that was sent beside this one."""
        told: dict[str, Any] = {}
        for beside in span.loads[1:]:
            table = latency.samples(span, seen, beside)
            self._urgent.append(table.assign(phase=plan.name))
            told["urgent_ms"] = latency.percentiles(table["receipt_ms"].dropna().to_numpy())
        return told

    def _latencies(
        self, plan: Plan, span: Span, seen: Sequence[Seen], disturb: Disturb | None
    ) -> dict[str, Any]:
        """Latency comes from open loop only: a load as fast as it goes has time in system."""
        if not plan.open_loop:
            return {}
        record = span.loads[0].record
        table = latency.samples(span, seen, span.loads[0])
        told: dict[str, Any] = {
            "effect_ms": latency.percentiles(table["effect_ms"].dropna().to_numpy()),
            "receipt_ms": latency.percentiles(table["receipt_ms"].dropna().to_numpy()),
            "send_lag_p99_ms": latency.percentiles(latency.send_lag_ms(record)).p99,
            "waited": sender_progress(record).get("waited", 0),
        }
        if isinstance(disturb, Absence):
            begin_ns = pq.read_table(record, columns=["intended_ns"])["intended_ns"].to_numpy()
            toll = disturb.toll(table, seen, begin_ns=int(begin_ns.min()))
            return told | {"outage": disturb.outage, "toll": toll}
        self._samples = table
        return told
