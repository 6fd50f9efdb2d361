"""Webhooks, notices, and the deliveries of these to those."""

import sqlalchemy as sa

from postwarden.adapters.sql.tables.columns import (
    identity,
    integer,
    metadata,
    sealed,
    text,
)

webhooks = sa.Table(
    "webhooks",
    metadata,
    identity(),
    text("url"),
    text("events"),  # JSON; [] for all
    text("domains", nullable=True),  # JSON; NULL for all, and what is of none
    text("state"),
    sealed("secret"),
    integer("created_at"),
    text("created_by"),
    integer("failing_since", nullable=True),
    integer("retry_at", nullable=True),
    sealed("old_secret", nullable=True),
    integer("old_until", nullable=True),
    sqlite_autoincrement=True,  # an id is never given twice
)

notices = sa.Table(
    "notices",
    metadata,
    identity(),
    text("key"),
    integer("time"),
    text("name"),
    text("object"),
    text("domain", nullable=True),
    text("body"),
    sa.Index("notices_by_time", "time"),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    identity(),
    integer("webhook"),
    integer("notice"),
    text("state"),
    integer("attempts"),
    integer("next_at"),
    integer("last_attempt_at", nullable=True),
    integer("last_status", nullable=True),
    text("last_error", nullable=True),
    integer("ended_at", nullable=True),
    sa.Index("deliveries_by_webhook", "webhook", "id"),
    sa.Index("deliveries_by_notice", "notice"),
    sa.Index(
        "deliveries_pending",
        "webhook",
        "next_at",
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    ),
    sa.Index(
        "deliveries_ended",
        "ended_at",
        sqlite_where=sa.text("ended_at IS NOT NULL"),
        postgresql_where=sa.text("ended_at IS NOT NULL"),
    ),
    sqlite_autoincrement=True,  # an id is never given twice
)
