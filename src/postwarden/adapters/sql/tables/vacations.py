"""What absent owners have others told."""

import sqlalchemy as sa

from postwarden.adapters.sql.tables.columns import integer, metadata, text

vacations = sa.Table(
    "vacations",
    metadata,
    sa.Column("account_id", sa.BigInteger, primary_key=True, autoincrement=False),
    text("absence"),
    text("audience"),
    integer("begins", nullable=True),
    integer("ends", nullable=True),
    text("inside"),
    text("outside"),
)
