"""More dispatchers and more workers, coming and going in mid-run."""

from dataclasses import replace
from pathlib import Path

from tests.waiting import wait_until

from eureke.measure.members import partitions_by_member
from eureke.run import Run
from eureke.scenario import Scenario
from eureke.stack.stack import Stack

SCENARIO = Scenario(
    count=60_000, users=2_000, urgent_per_s=0, open_loop_s=0, warm_up=0, latency_median_ms=500
)
"""Slow enough for a group to change hands twice, with users so few that caps are reached."""
MEMBER = "dispatcher-bulk-joining"
WORKER = "worker-bulk-joining"


def test_members_that_join_and_die_move_partitions_without_loss_or_doubles(
    stack: Stack, tmp_path: Path
) -> None:
    """Windows and caps are rebuilt by whoever takes a partition over, and that twice."""
    acted: list[str] = []

    def disturb(share: float) -> None:
        if not acted and share >= 0.05:
            acted.append("joined")
            stack.launch(
                MEMBER,
                "eureke.pipeline.dispatcher",
                *("--lane", "bulk", "--name", MEMBER),
                side="system",
            )
            stack.launch(WORKER, "eureke.pipeline.worker", "--lane", "bulk", side="system")
            wait_until(
                lambda: partitions_by_member(stack.settings).get(MEMBER) == 2,
                within_s=30,
                what="the new member's share of the partitions",
            )
        elif acted == ["joined"] and share >= 0.4:
            acted.append("killed")
            stack.kill(MEMBER)
            stack.kill(WORKER)

    run = Run.begin(SCENARIO, stack, results_folder=tmp_path, floor=False)
    sent = run.flat_out(disturb=disturb)
    run.close()
    assert acted == ["joined", "killed"]
    assert sent.account.closes, sent.account
    assert sent.account.suppressed > 0
    wait_until(
        lambda: MEMBER not in partitions_by_member(stack.settings),
        within_s=30,
        what="the end of the killed member's session",
    )


def test_one_notification_a_request_closes_the_account_too(stack: Stack, tmp_path: Path) -> None:
    """One notification a request, as many providers want it."""
    before = stack.settings
    services = ("dispatcher-bulk-1", "worker-bulk-1")
    try:
        for name in services:
            stack.restart(name, settings=replace(before, provider_items_per_request=1))
        few = replace(SCENARIO, count=3_000, latency_median_ms=1)
        run = Run.begin(few, stack, results_folder=tmp_path, floor=False)
        sent = run.flat_out()
        run.close()
    finally:
        for name in services:
            stack.restart(name, settings=before)
    assert sent.account.closes, sent.account
