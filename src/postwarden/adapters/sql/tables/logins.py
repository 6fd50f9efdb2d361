"""Attempts to log in, sessions of people, and what lets them in."""

import sqlalchemy as sa

from postwarden.adapters.sql.tables.columns import (
    blob,
    identity,
    integer,
    metadata,
    text,
)

sessions = sa.Table(
    "sessions",
    metadata,
    identity(),
    integer("administrator_id"),
    blob("digest"),
    text("factor"),
    integer("created_at"),
    integer("last_seen_at"),
    integer("expires_at"),
    integer("idle"),  # microseconds
    integer("idle_until"),
    text("client_ip", nullable=True),
    text("agent"),
    sa.Index("sessions_by_digest", "digest", unique=True),
    sa.Index("sessions_by_administrator", "administrator_id", "id"),
    sqlite_autoincrement=True,  # an id is never given twice
)

login_links = sa.Table(
    "login_links",
    metadata,
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    integer("administrator_id"),
    integer("created_at"),
    text("created_by"),
    integer("expires_at"),
    sa.Index("login_links_by_administrator", "administrator_id"),
)

login_attempts = sa.Table(
    "login_attempts",
    metadata,
    identity(),
    integer("day"),
    text("account"),
    text("login"),
    text("client_ip"),
    text("protocol"),
    text("mechanism"),
    text("result"),
    integer("first_at"),
    integer("last_at"),
    integer("count"),
    sa.Index(
        "login_attempts_by_day",
        *("day", "account", "login", "client_ip", "protocol", "mechanism", "result"),
        unique=True,
    ),
    sa.Index("login_attempts_by_account", "account", "client_ip", "result"),
    sqlite_autoincrement=True,  # an id is never given twice
)

login_failures = sa.Table(
    "login_failures",
    metadata,
    sa.Column("subject", sa.Text, primary_key=True),
    integer("count"),
    integer("last_at"),
    sa.Index("login_failures_by_time", "last_at"),
)

recovery_codes = sa.Table(
    "recovery_codes",
    metadata,
    sa.Column("administrator_id", sa.BigInteger, primary_key=True),
    sa.Column("digest", sa.LargeBinary, primary_key=True),
)

passkeys = sa.Table(
    "passkeys",
    metadata,
    identity(),
    integer("administrator_id"),
    blob("credential"),
    blob("public_key"),
    integer("sign_count"),
    text("name"),
    integer("created_at"),
    integer("last_used_at", nullable=True),
    sa.Index("passkeys_by_credential", "credential", unique=True),
    sa.Index("passkeys_by_administrator", "administrator_id"),
    sqlite_autoincrement=True,  # an id is never given twice
)

challenges = sa.Table(
    "challenges",
    metadata,
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    blob("challenge"),
    text("ceremony"),
    integer("administrator_id", nullable=True),
    integer("expires_at"),
    sa.Index("challenges_by_time", "expires_at"),
)
