"""Envelopes as accepted, the queue, and the ledger."""

import sqlalchemy as sa

from postwarden.adapters.sql.tables.columns import (
    blob,
    identity,
    integer,
    metadata,
    text,
)

receptions = sa.Table(
    "receptions",
    metadata,
    identity(),
    text("trace_id"),
    integer("message"),
    integer("received_at"),
    text("reverse_path"),
    text("reverse_key"),
    text("client_ip", nullable=True),
    blob("client_key", nullable=True),
    text("helo"),
    text("protocol"),
    text("login", nullable=True),
    text("body"),
    text("ret", nullable=True),
    text("envid", nullable=True),
    text("host", nullable=True),
    text("tls", nullable=True),
    sa.Index("receptions_by_trace", "trace_id"),
    sa.Index("receptions_by_reverse", "reverse_key"),
    sa.Index("receptions_by_client", "client_key"),
)

reception_recipients = sa.Table(
    "reception_recipients",
    metadata,
    sa.Column("reception", sa.BigInteger, primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True),
    text("address"),
    text("key"),
    text("notify"),
    text("original", nullable=True),
    sa.Index("reception_recipients_by_key", "key"),
    sqlite_with_rowid=False,
)

pending_deliveries = sa.Table(
    "pending_deliveries",
    metadata,
    sa.Column("reception", sa.BigInteger, primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True),
    integer("recipient"),
    text("via"),
    integer("account_id", nullable=True),
    text("foreign_address", nullable=True),
    sqlite_with_rowid=False,
)

queue = sa.Table(
    "queue",
    metadata,
    identity(),
    text("trace_id"),
    integer("reception"),
    integer("recipient"),
    integer("message"),
    text("reverse_path"),
    text("forward_path"),
    text("via"),
    text("state"),
    integer("created_at"),
    sa.Index("queue_by_message", "message"),
)

ledger = sa.Table(
    "ledger",
    metadata,
    identity(),
    integer("time"),
    text("event"),
    text("trace_id"),
    integer("message", nullable=True),
    text("reverse_path", nullable=True),
    text("reverse_key", nullable=True),
    text("forward_path", nullable=True),
    text("forward_key", nullable=True),
    integer("account_id", nullable=True),
    text("mailbox", nullable=True),
    text("mailbox_key", nullable=True),
    integer("uid", nullable=True),
    integer("copy", nullable=True),
    text("client_ip", nullable=True),
    blob("client_key", nullable=True),
    text("source"),
    text("detail"),
    sa.Index("ledger_by_trace", "trace_id"),
    sa.Index("ledger_by_message", "message"),
    sa.Index("ledger_by_time", "time"),
    sa.Index("ledger_by_reverse", "reverse_key"),
    sa.Index("ledger_by_forward", "forward_key"),
    sa.Index("ledger_by_account", "account_id", "time"),
    sa.Index(
        "ledger_by_client",
        "client_key",
        sqlite_where=sa.text("client_key IS NOT NULL"),
        postgresql_where=sa.text("client_key IS NOT NULL"),
    ),
)
