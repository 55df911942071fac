"""Users and their preferences in a database: `python -m eureke.pipeline.users --import FILE`.

The file is a Parquet table with the columns id, username, email, channels (names, separated by
commas), time_zone, quiet_from, quiet_until (minutes of the day, or null) and cap (or null). It
replaces everybody who was there.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import redis

from eureke.errors import EurekeError, LoadFailed
from eureke.pipeline.directory import Directory
from eureke.pipeline.preferences import PreferenceCache
from eureke.pipeline.tables import PREFERENCE_COLUMNS, USER_COLUMNS
from eureke.settings import Settings


def read_users(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a Parquet table of users.

    Raises:
        LoadFailed: it is missing, damaged, or has other columns.
    """
    columns = [*USER_COLUMNS, *PREFERENCE_COLUMNS]
    try:
        with pq.ParquetFile(path) as file:
            missing = sorted(set(columns) - set(file.schema_arrow.names))
            if missing:
                raise LoadFailed(
                    f"the table of users {path} lacks the columns {', '.join(missing)}",
                    remedy=f"its columns are: {', '.join(columns)}",
                )
            for batch in file.iter_batches(columns=columns):
                yield from batch.to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise LoadFailed(
            f"the table of users {path} cannot be read: {error}", remedy="give a Parquet file"
        ) from error


def main() -> None:
    """Reads the arguments and imports."""
    parser = argparse.ArgumentParser(prog="eureke.pipeline.users")
    parser.add_argument("--import", type=Path, required=True, dest="path")
    given = parser.parse_args()
    settings = Settings.of_process()
    try:
        directory = Directory(settings.users_url)
        count = directory.replace_all(read_users(given.path))
        PreferenceCache(settings).clear()
    except EurekeError as error:
        sys.exit(str(error))
    except redis.RedisError as error:
        sys.exit(f"the cached preferences could not be cleared: {error}\n  remedy: see Redis's log")
    print(f"{count} users")


if __name__ == "__main__":
    main()
