"""Quotas: what is said for every account, for those of a domain, for one."""

import sqlalchemy as sa

from postwarden.adapters.sql.tables.columns import integer, metadata

quotas = sa.Table(
    "quotas",
    metadata,
    sa.Column("subject", sa.Text, primary_key=True),
    integer("octets", nullable=True),
    integer("messages", nullable=True),
    sqlite_with_rowid=False,
)
