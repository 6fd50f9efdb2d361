"""Tokens of programs that are logged in."""

import sqlalchemy as sa

from postwarden.adapters.sql.tables.columns import (
    blob,
    identity,
    integer,
    metadata,
    text,
)

token_grants = sa.Table(
    "token_grants",
    metadata,
    identity(),
    text("holder"),
    text("client"),
    integer("administrator_id", nullable=True),
    integer("account_id", nullable=True),
    text("domain", nullable=True),
    blob("access"),
    blob("refresh"),
    sa.Column("spent", sa.LargeBinary, nullable=True),
    blob("proof"),
    integer("created_at"),
    integer("access_until"),
    integer("until"),
    sa.Index("token_grants_by_holder", "holder", "client", unique=True),
    sa.Index("token_grants_by_access", "access", unique=True),
    sa.Index("token_grants_by_refresh", "refresh", unique=True),
    sa.Index(
        "token_grants_by_spent",
        "spent",
        sqlite_where=sa.text("spent IS NOT NULL"),
        postgresql_where=sa.text("spent IS NOT NULL"),
    ),
    sa.Index("token_grants_by_end", "until"),
    sqlite_autoincrement=True,  # an id is never given twice
)
