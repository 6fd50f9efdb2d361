"""Mail systems elsewhere."""

import sqlalchemy as sa

from postwarden.adapters.sql.tables.columns import (
    identity,
    integer,
    metadata,
    sealed,
    text,
)

systems = sa.Table(
    "systems",
    metadata,
    identity(),
    text("name"),
    text("kind"),
    text("url"),
    text("user"),
    sealed("secret", nullable=True),
    text("authorities", nullable=True),
    text("options"),  # JSON
    integer("created_at"),
    text("created_by"),
    sa.Index("systems_by_name", "name", unique=True),
    sqlite_autoincrement=True,  # an id is never given twice
)
