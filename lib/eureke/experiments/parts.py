"""What a stack consists of, and the hops of one notification, by the names they have there."""

import re
from collections.abc import Mapping
from typing import Final

import pandas as pd
from sqlalchemy.engine import make_url

from eureke.settings import LANES, Settings
from eureke.stack.stack import Stack

ABOUT: Final = {
    "sender": "keeps its own record",
    "api": "users, notifications",
    "dispatcher": "decodes, judges, batches, commits",
    "worker": "delivers",
    "observer": "sees each receipt",
    "sampler": "CPU, memory, queues",
    "ledger": "accounts for every id",
    "canary": "passes through each lane",
    "exporter": "tells of Kafka and Redis",
    "prometheus": "asks all of them",
    "grafana": "shows dashboards",
}
"""In place of an address, for what is not known by one."""
_MEMBER: Final = re.compile(rf"(?P<kind>.+?)(?:-(?P<member>(?:{'|'.join(LANES)})-\d+)|-\d+)?")


def parts(stack: Stack) -> pd.DataFrame:
    """What there is: services, given servers, and the few things that are no process.

    Returns:
        A row for each: name, kind (without lane and number), member (what is left of the name),
        side (`system` or `equipment`) and about.
    """
    running = {each.name: str(each.side) for each in stack.status()}
    sides = {name: running[name] for name in stack.names if name in running}
    given = dict.fromkeys(sorted(stack.given), "given")
    sides |= dict.fromkeys(given, "system")
    return described(stack.settings, sides, stack.addresses | given)


def described(
    settings: Settings, sides: Mapping[str, str], where: Mapping[str, str]
) -> pd.DataFrame:
    """The same of services by name, whoever runs them.

    Args:
        settings: of the stack.
        sides: of each service.
        where: the address of those that have one.
    """
    rows = [("sender", "equipment", ""), ("ledger", "equipment", "")]
    rows += [(name, side, where.get(name, "")) for name, side in sides.items()]
    table = pd.DataFrame(_part(*row, settings) for row in rows)
    url = make_url(settings.users_url)
    if url.drivername != "sqlite" or "postgres" in sides:
        return table
    file = str(url.database).rpartition("/")[2]
    about = {"member": file, "side": "system", "about": "SQLite: preferences"}
    return pd.concat([table, pd.DataFrame([{"name": file, "kind": "users", **about}])])


def hops(settings: Settings) -> pd.DataFrame:
    """The way of a notification of the bulk lane: number and by (what it goes by)."""
    lane = settings.lane("bulk")
    by = [
        f"into Kafka: topic {lane.topic}, the key is the user",
        f"read: consumer group {lane.group}",
        f"a Celery task into the queue {lane.queue}, many in one",
        "taken from the queue by a worker",
        "POST to the provider, an idempotency key for each",
        f"the outcome into Kafka: topic {settings.receipts}",
        "read back: settled, and only now committed",
    ]
    return pd.DataFrame({"number": range(1, len(by) + 1), "by": by})


def _part(name: str, side: str, where: str, settings: Settings) -> dict[str, str]:
    found = _MEMBER.fullmatch(name)
    kind = found["kind"] if found else name
    member = (found["member"] if found else None) or name
    about = ABOUT.get(kind, where)
    if kind == "kafka":
        topics = [lane.topic for lane in settings.lanes]
        topics += [settings.receipts, settings.dead_letters]
        short = [topic.removeprefix(f"{settings.prefix}.") for topic in topics]
        about = "\n".join([about, *short])
    return {"name": name, "kind": kind, "member": member, "side": side, "about": about}
