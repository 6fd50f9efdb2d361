"""Answers that are kept for requests that come again."""

import sqlalchemy as sa

from postwarden.adapters.sql.tables.columns import blob, integer, metadata

replays = sa.Table(
    "replays",
    metadata,
    sa.Column("actor", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    blob("answer"),
    integer("kept_at"),
    sa.Index("replays_by_time", "kept_at"),
    sqlite_with_rowid=False,
)
