"""Holds, and the copies that each of them marks."""

import sqlalchemy as sa

from postwarden.adapters.sql.tables.columns import (
    identity,
    integer,
    metadata,
    text,
)

holds = sa.Table(
    "holds",
    metadata,
    identity(),
    text("name"),
    text("query"),
    text("reason"),
    text("state"),
    text("created_by"),
    integer("created_at"),
    text("accounts"),  # JSON: address keys and the accounts they meant
    text("domains", nullable=True),  # JSON: where its maker may look
    integer("case_id", nullable=True),
    text("released_by", nullable=True),
    integer("released_at", nullable=True),
    text("release_reason", nullable=True),
    # Each delivery asks for these, so that it must not see the released ones.
    sa.Index(
        "holds_in_force",
        "id",
        sqlite_where=sa.text("state IN ('placing', 'active')"),
        postgresql_where=sa.text("state IN ('placing', 'active')"),
    ),
    sqlite_autoincrement=True,  # an id is never given twice
)

hold_marks = sa.Table(
    "hold_marks",
    metadata,
    sa.Column("copy", sa.BigInteger, primary_key=True),
    sa.Column("hold", sa.BigInteger, primary_key=True),
    sa.Index("hold_marks_by_hold", "hold", "copy"),
    sqlite_with_rowid=False,
)
