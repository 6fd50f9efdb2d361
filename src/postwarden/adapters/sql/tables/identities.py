"""Administrators, their roles and keys."""

import sqlalchemy as sa

from postwarden.adapters.sql.tables.columns import (
    blob,
    identity,
    integer,
    metadata,
    sealed,
    text,
)

administrators = sa.Table(
    "administrators",
    metadata,
    identity(),
    text("name"),
    text("role"),
    text("domains", nullable=True),  # JSON; NULL for every domain
    text("state"),
    integer("created_at"),
    text("password_hash", nullable=True),
    sealed("totp", nullable=True),
    integer("last_login_at", nullable=True),
    integer("totp_step", nullable=True),
    sa.Index("administrators_by_name", "name", unique=True),
    sa.Index("administrators_by_role", "role"),
    sqlite_autoincrement=True,  # an id is never given twice
)

roles = sa.Table(
    "roles",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    text("description"),
    text("permissions"),  # JSON
)

api_keys = sa.Table(
    "api_keys",
    metadata,
    identity(),
    integer("administrator_id"),
    text("prefix"),
    blob("digest"),
    integer("created_at"),
    text("created_by"),
    integer("expires_at", nullable=True),
    text("permissions", nullable=True),  # JSON; NULL for all of the owner's
    text("networks"),  # JSON
    integer("revoked_at", nullable=True),
    integer("last_used_at", nullable=True),
    sa.Index("api_keys_by_digest", "digest", unique=True),
    sa.Index("api_keys_by_administrator", "administrator_id", "id"),
    sqlite_autoincrement=True,  # an id is never given twice
)
