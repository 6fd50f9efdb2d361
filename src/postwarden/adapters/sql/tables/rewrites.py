"""Where mail goes instead, beside what the directory says."""

import sqlalchemy as sa

from postwarden.adapters.sql.tables.columns import identity, metadata, text

rewrites = sa.Table(
    "rewrites",
    metadata,
    identity(),
    text("source_key"),
    text("local_part"),
    text("domain"),
    text("kind"),
    text("target"),
    text("target_key"),
    sa.Index(
        "rewrites_by_source", "source_key", "kind", "target_key", "target", unique=True
    ),
    sa.Index(
        "rewrites_by_target",
        "target_key",
        sqlite_where=sa.text("target_key <> ''"),
        postgresql_where=sa.text("target_key <> ''"),
    ),
)
