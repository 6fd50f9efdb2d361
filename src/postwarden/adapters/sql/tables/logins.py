"""Sessions of people, and the links that open one."""

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
