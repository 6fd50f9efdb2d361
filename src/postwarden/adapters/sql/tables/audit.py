"""The audit log, and the signed heads of it."""

import sqlalchemy as sa

from postwarden.adapters.sql.tables.columns import (
    blob,
    identity,
    integer,
    metadata,
    text,
)

audit = sa.Table(
    "audit",
    metadata,
    identity(),
    integer("time"),
    text("actor"),
    text("on_behalf_of", nullable=True),
    text("dialect"),
    text("client_ip", nullable=True),
    text("request_id", nullable=True),
    text("action"),
    text("object"),
    text("domain", nullable=True),
    text("before", nullable=True),
    text("after", nullable=True),
    text("reason"),
    blob("previous_hash", nullable=True),
    blob("hash"),
    text("domains", nullable=True),  # JSON, of an entry that concerns several
    sa.Index("audit_by_object", "object"),
    sa.Index("audit_by_actor", "actor"),
    sa.Index(
        "audit_by_domain",
        "domain",
        sqlite_where=sa.text("domain IS NOT NULL"),
        postgresql_where=sa.text("domain IS NOT NULL"),
    ),
)

audit_heads = sa.Table(
    "audit_heads",
    metadata,
    sa.Column("entry", sa.BigInteger, primary_key=True),
    sa.Column("public_key", sa.LargeBinary, primary_key=True),
    blob("hash"),
    integer("time"),
    blob("signature"),
    sqlite_with_rowid=False,
)
