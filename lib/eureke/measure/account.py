"""The account as numbers: what became of every record of one load, or of several."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Final

FAULTS: Final = ("lost", "delivered_twice", "stuck", "phantom", "misjudged")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What became of every record.

    lost: acknowledged and not in the log, or passed over by the commit without an outcome, or
        said to be delivered while the provider knows nothing of it.
    delivered_twice: more than one effect.
    stuck: in the log, without an outcome, and not passed over yet.
    phantom: an effect or an outcome of something that is not in the log, or a record nobody sent.
    misjudged: another outcome than the population expected.
    """

    records: int = 0
    unique: int = 0
    duplicates: int = 0
    malformed: int = 0
    acknowledged: int = 0
    refused: int = 0
    unknown: int = 0
    delivered: int = 0
    suppressed: int = 0
    expired: int = 0
    dead_lettered: int = 0
    lost: int = 0
    delivered_twice: int = 0
    stuck: int = 0
    phantom: int = 0
    misjudged: int = 0
    culprits: dict[str, list[str]] = field(default_factory=dict)

    @property
    def closes(self) -> bool:
        """Whether every record is accounted for and nothing went wrong."""
        settled = self.delivered + self.suppressed + self.expired + self.dead_lettered
        return (
            self.records == self.unique + self.duplicates + self.malformed
            and self.unique == settled
            and not any(getattr(self, fault) for fault in FAULTS)
        )


def merged(accounts: Iterable[Account]) -> Account:
    """The account of several loads together."""
    total: dict[str, Any] = {}
    culprits: dict[str, list[str]] = {}
    for each in accounts:
        for name, value in asdict(each).items():
            if name == "culprits":
                for fault, ids in value.items():
                    culprits.setdefault(fault, []).extend(ids)
            else:
                total[name] = total.get(name, 0) + value
    return Account(**total, culprits=culprits)
