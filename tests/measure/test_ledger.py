"""The account: good histories close, and every planted fault is found by id."""

import subprocess
import sys
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eureke.measure.account import FAULTS, Account, merged
from eureke.measure.ledger import Evidence, LogRows, OutcomeRows, SentRows, account


@dataclass
class History:
    """A run written down by hand, a row at a time, so that a test can bend one row."""

    sent: list[tuple[str | None, str, str]] = field(default_factory=list)
    log: list[tuple[str | None, int]] = field(default_factory=list)
    outcomes: list[tuple[str | None, int, str]] = field(default_factory=list)
    effects: list[str] = field(default_factory=list)
    committed: dict[int, int] = field(default_factory=dict)

    def add(self, notification_id: str | None, expected: str, outcome: str) -> None:
        """One record that went the way it should, in partition 0."""
        place = len(self.log)
        self.sent.append((notification_id, expected, "acknowledged"))
        self.log.append((notification_id, place))
        self.outcomes.append((notification_id, place, outcome))
        if outcome == "delivered" and notification_id is not None:
            self.effects.append(notification_id)

    def account(self, *, rows_per_bucket: int = 1_000_000) -> Account:
        def columns(rows: list[tuple[object, ...]], width: int) -> list[list[object]]:
            return [[row[at] for row in rows] for at in range(width)]

        return account(
            Evidence(
                sent=[SentRows(*columns(list(self.sent), 3))],  # type: ignore[arg-type]
                log=[LogRows(*columns(list(self.log), 2))],  # type: ignore[arg-type]
                outcomes=[OutcomeRows(*columns(list(self.outcomes), 3))],  # type: ignore[arg-type]
                effects=[self.effects],
                committed=self.committed,
            ),
            rows_per_bucket=rows_per_bucket,
        )


def good_history(count: int = 60) -> History:
    """Every kind of record, each with the outcome it should have."""
    history = History()
    for number in range(count):
        match number % 10:
            case 3:
                history.add(None, "malformed", "malformed")
            case 5:
                history.add(f"id-{number}", "rejected", "dead_lettered")
            case 7:
                history.add(f"id-{number - 1}", "duplicate", "duplicate")
            case _:
                history.add(f"id-{number}", "delivered", "delivered")
    return history


def faults(found: Account) -> dict[str, int]:
    return {fault: getattr(found, fault) for fault in FAULTS if getattr(found, fault)}


def test_a_good_history_closes() -> None:
    """The sums are right and nothing is blamed."""
    found = good_history(60).account()
    assert found.closes
    assert (found.records, found.unique, found.duplicates, found.malformed) == (60, 48, 6, 6)
    assert (found.delivered, found.dead_lettered, found.acknowledged) == (42, 6, 60)
    assert found.culprits == {}


def test_eleven_planted_losses_are_found_by_id() -> None:
    """Acknowledged by Kafka, gone from the log: each of them is named."""
    history = good_history(200)
    planted = [f"id-{number}" for number in range(0, 110, 10)]
    history.log = [row for row in history.log if row[0] not in planted]
    history.outcomes = [row for row in history.outcomes if row[0] not in planted]
    history.effects = [each for each in history.effects if each not in planted]
    found = history.account()
    assert faults(found) == {"lost": 11}
    assert sorted(found.culprits["lost"]) == sorted(planted)
    assert not found.closes


def test_a_delivery_that_the_provider_knows_nothing_of_is_lost() -> None:
    """A receipt proves nothing: the provider's own record does."""
    history = good_history()
    history.effects.remove("id-0")
    found = history.account()
    assert faults(found) == {"lost": 1}
    assert found.culprits["lost"] == ["id-0"]


def test_a_record_without_outcome_is_stuck_until_the_commit_has_passed_it() -> None:
    """After that nobody will ever look at it again: it is lost."""
    history = good_history()
    history.outcomes = [row for row in history.outcomes if row[1] != 4]
    history.effects.remove("id-4")
    assert faults(history.account()) == {"stuck": 1}
    assert history.account().culprits["stuck"] == ["id-4"]
    history.committed = {0: 5}
    assert faults(history.account()) == {"lost": 1}


def test_two_effects_of_one_id_are_a_double() -> None:
    """Whatever the receipts say."""
    history = good_history()
    history.effects.append("id-8")
    found = history.account()
    assert faults(found) == {"delivered_twice": 1}
    assert found.culprits["delivered_twice"] == ["id-8"]


def test_an_effect_that_nobody_asked_for_is_a_phantom() -> None:
    """So are an outcome at a place that the log does not have, and a record nobody sent."""
    history = good_history()
    history.effects.append("id-strange")
    history.outcomes.append(("id-other", 4711, "duplicate"))
    history.log.append(("id-unsent", 9999))
    history.outcomes.append(("id-unsent", 9999, "delivered"))
    history.effects.append("id-unsent")
    found = history.account()
    assert found.phantom == 3
    assert sorted(found.culprits["phantom"]) == ["id-other", "id-strange", "id-unsent"]


@pytest.mark.parametrize(
    ("at", "outcome"),
    [
        (0, "dead_lettered"),
        (0, "suppressed"),
        (0, "malformed"),
        (3, "dead_lettered"),
        (5, "delivered"),
        (7, "delivered"),
    ],
)
def test_another_outcome_than_expected_is_misjudged(at: int, outcome: str) -> None:
    """Suppressing everything, or delivering what should not be, does not close the account."""
    history = good_history()
    notification_id, place, was = history.outcomes[at]
    history.outcomes[at] = (notification_id, place, outcome)
    if was == "delivered":
        history.effects.remove(str(notification_id))
    elif outcome == "delivered" and at == 5:
        history.effects.append(str(notification_id))
    found = history.account()
    assert found.misjudged == 1
    assert not found.closes


def test_a_malformed_record_without_dead_letter_is_stuck_and_named_by_its_place() -> None:
    """It has no id, so partition and offset are its name."""
    history = good_history()
    history.outcomes = [row for row in history.outcomes if row[1] != 3]
    found = history.account()
    assert faults(found) == {"stuck": 1}
    assert found.culprits["stuck"] == ["partition 0, offset 3"]


def test_repeated_receipts_and_dead_letters_change_nothing() -> None:
    """A dispatcher that died reads again what was not committed: outcomes come twice."""
    history = good_history()
    history.outcomes += history.outcomes[10:40]
    assert history.account().closes


def test_where_a_dead_letter_and_an_effect_meet_the_effect_holds() -> None:
    """The provider did it, nobody heard of it, and the item was given up."""
    history = good_history()
    history.outcomes[0] = ("id-0", 0, "dead_lettered")
    found = history.account()
    assert found.closes
    assert found.delivered == 42


def test_unknown_and_refused_records_may_be_in_the_log_or_not() -> None:
    """Only what was acknowledged has to be there."""
    history = good_history()
    history.sent.append(("id-refused", "delivered", "refused"))
    history.sent.append(("id-unknown", "delivered", "unknown"))
    history.sent[0] = ("id-0", "delivered", "unknown")
    found = history.account()
    assert found.closes
    assert (found.refused, found.unknown) == (1, 2)


def test_the_account_of_two_loads_is_their_sum() -> None:
    """And closes only where both do."""
    one, two = good_history().account(), good_history().account()
    assert merged([one, two]).delivered == 84
    assert not merged([one, replace(two, stuck=1)]).closes


@settings(max_examples=20, deadline=None)
@given(st.integers(20, 150), st.integers(1, 40), st.data())
def test_any_single_change_to_a_good_history_is_found(
    count: int, rows_per_bucket: int, data: st.DataObject
) -> None:
    """A dropped effect, receipt or record and an added effect never go unnoticed."""
    history = good_history(count)
    assert history.account(rows_per_bucket=rows_per_bucket).closes
    change = data.draw(
        st.sampled_from(["drop effect", "add effect", "drop outcome", "drop record"])
    )
    if change == "drop effect":
        history.effects.pop(data.draw(st.integers(0, len(history.effects) - 1)))
    elif change == "add effect":
        history.effects.append(data.draw(st.sampled_from(history.effects)))
    elif change == "drop outcome":
        history.outcomes.pop(data.draw(st.integers(0, len(history.outcomes) - 1)))
    else:
        history.log.pop(data.draw(st.integers(0, len(history.log) - 1)))
    assert not history.account(rows_per_bucket=rows_per_bucket).closes


IN_A_PROCESS_OF_ITS_OWN = """
import resource, sys
from eureke.measure.ledger import Evidence, LogRows, OutcomeRows, SentRows, account

count, piece = int(sys.argv[1]), 50_000
gone = {count // 12 * (at + 1) for at in range(11)}

class Again:
    def __init__(self, read):
        self.read = read
    def __iter__(self):
        for start in range(0, count, piece):
            places = list(range(start, start + piece))
            yield self.read([f"{at:08x}-4d1f-4f6e-9d5e-{at:012x}" for at in places], places)

found = account(Evidence(
    sent=Again(lambda ids, _: SentRows(ids, ["delivered"] * piece, ["acknowledged"] * piece)),
    log=Again(LogRows),
    outcomes=Again(lambda ids, places: OutcomeRows(ids, places, ["delivered"] * piece)),
    effects=Again(lambda ids, places: [a for a, b in zip(ids, places) if b not in gone]),
    committed={0: count},
))
peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(found.records, found.lost, len(set(found.culprits["lost"])), peak_mib)
"""


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_ten_million_records_take_no_more_memory_than_two() -> None:
    """Eleven losses among them are found by id."""
    peaks_mib = []
    for count in (2_000_000, 10_000_000):
        told = subprocess.run(
            [sys.executable, "-c", IN_A_PROCESS_OF_ITS_OWN, str(count)],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        records, lost, named, peak_mib = map(int, told.split())
        assert (records, lost, named) == (count, 11, 11)
        peaks_mib.append(peak_mib)
    print(f"at most {peaks_mib} MiB")
    assert peaks_mib[1] < 1.5 * peaks_mib[0]
