"""One's own notifications: a file with one JSON object a line."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from eureke.errors import LoadFailed
from eureke.notification import Notification
from eureke.world.load import Made

SHOWN = 20
"""Bad lines that are printed; all of them are in bad-lines.ndjson."""


class BadLine(msgspec.Struct, frozen=True):
    """A line that is no notification, and why."""

    line: int
    reason: str


def read_input(path: Path, folder: Path) -> Iterator[Made]:
    """The notifications of a file; bad lines are reported, counted and left out.

    Raises:
        LoadFailed: the file is missing, or has not one good line.
    """
    try:
        lines = path.open("rb")
    except OSError as error:
        raise LoadFailed(
            f"the input file {path} cannot be read: {error.strerror}",
            remedy="give the path of a file with one JSON notification a line (NDJSON)",
        ) from error
    folder.mkdir(parents=True, exist_ok=True)
    seen: set[str] = set()
    bad = 0
    with lines, (folder / "bad-lines.ndjson").open("wb") as report:
        for number, line in enumerate(lines, start=1):
            value = line.strip()
            if not value:
                continue
            try:
                notification = msgspec.json.decode(value, type=Notification)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                bad += 1
                report.write(msgspec.json.encode(BadLine(number, str(error))) + b"\n")
                if bad <= SHOWN:
                    print(f"{path.name}, line {number} left out: {error}")
                continue
            yield Made(
                notification.id, str(notification.user_id), value, _expected(notification, seen)
            )
            seen.add(notification.id)
    if bad:
        print(f"{path.name}: {bad} bad lines left out, see {folder / 'bad-lines.ndjson'}")
    if not seen:
        raise LoadFailed(
            f"{path} has no line that is a notification ({bad} that are not)",
            remedy="one JSON object a line with id, user_id, channel, priority, template, data, "
            "created_ns and expires_ns; CSV and other formats have to be converted first",
        )


def _expected(notification: Notification, seen: set[str]) -> str:
    if notification.id in seen:
        return "duplicate"
    if notification.expires_ns <= notification.created_ns:
        return "expired"
    if notification.data.get("to", "").endswith(".invalid"):
        return "rejected"
    return "delivered"
