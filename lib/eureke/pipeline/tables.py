"""The tables of the users database."""

from typing import Final

from sqlalchemy import (
    Column,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    bindparam,
    select,
)

INTEGER_MOST: Final = 2**31 - 1
"""The largest number that a column can hold."""
METADATA: Final = MetaData()
USERS: Final = Table(
    "users",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("username", String(64), nullable=False, unique=True),
    Column("email", String(254), nullable=False),
)
PREFERENCES: Final = Table(
    "preferences",
    METADATA,
    Column("user_id", Integer, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("channels", String(64), nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("quiet_from", Integer),
    Column("quiet_until", Integer),
    Column("cap", Integer),
)
PREFERENCES_OF: Final = select(PREFERENCES).where(
    PREFERENCES.c.user_id.in_(bindparam("user_ids", expanding=True))
)
"""Made once: to make it costs as much as to run it for a few users."""
ANSWERS: Final = Table(
    "answers",
    METADATA,
    Column("key", String(80), primary_key=True),
    Column("asked", String(64), nullable=False),
    Column("answer", Text, nullable=False),
    Column("given_s", Integer, nullable=False),
)
"""What was answered under an idempotency key."""
USER_COLUMNS: Final = ("id", "username", "email")
PREFERENCE_COLUMNS: Final = ("channels", "time_zone", "quiet_from", "quiet_until", "cap")
