"""Tasks, and cases with all that belongs to them."""

import sqlalchemy as sa

from postwarden.adapters.sql.tables.columns import (
    blob,
    identity,
    integer,
    metadata,
    text,
)

_UNFINISHED = "state IN ('waiting', 'in-progress', 'canceled-requested')"

tasks = sa.Table(
    "tasks",
    metadata,
    identity(),
    text("name"),
    text("subject"),
    text("payload"),
    text("state"),
    integer("created_at"),
    integer("run_at"),
    text("actor", nullable=True),
    text("request_id", nullable=True),
    text("domain", nullable=True),
    integer("started_at", nullable=True),
    integer("heartbeat_at", nullable=True),
    integer("ended_at", nullable=True),
    integer("attempts"),
    text("lease_owner", nullable=True),
    integer("leased_until", nullable=True),
    text("error", nullable=True),
    integer("done"),
    integer("total"),
    text("result", nullable=True),
    sa.Index("tasks_by_name", "name", "subject", "id"),
    sa.Index(
        "tasks_ended",
        "ended_at",
        sqlite_where=sa.text("ended_at IS NOT NULL"),
        postgresql_where=sa.text("ended_at IS NOT NULL"),
    ),
    sa.Index(
        "tasks_unfinished",
        "name",
        "subject",
        unique=True,
        sqlite_where=sa.text(_UNFINISHED),
        postgresql_where=sa.text(_UNFINISHED),
    ),
)

cases = sa.Table(
    "cases",
    metadata,
    identity(),
    text("query"),
    text("reason"),
    text("ticket", nullable=True),
    text("state"),
    text("opened_by"),
    integer("opened_at"),
    integer("plan_id", nullable=True),
    text("domains", nullable=True),  # JSON; null is everywhere
    text("edited_by", nullable=True),  # JSON; null is nobody
)

plans = sa.Table(
    "plans",
    metadata,
    identity(),
    integer("case_id"),
    text("query"),
    text("action"),
    text("classes"),
    integer("created_at"),
    text("created_by"),
    blob("sha256", nullable=True),
    integer("messages"),
    integer("copies"),
    integer("accounts"),
    text("summary"),  # JSON: counts, clusters, warnings
    sa.Index("plans_by_case", "case_id"),
)

plan_items = sa.Table(
    "plan_items",
    metadata,
    sa.Column("plan_id", sa.BigInteger, primary_key=True),
    sa.Column("item", sa.BigInteger, primary_key=True),
    text("system"),
    integer("copy"),
    integer("account_id"),
    text("address"),
    text("mailbox"),
    integer("uid"),
    integer("flags"),
    text("keywords"),
    integer("internal_date"),
    integer("size"),
    blob("sha256"),
    text("message_id", nullable=True),
    text("class"),
    text("outcome"),
    text("reason", nullable=True),
    text("acted_mailbox", nullable=True),
    # Of copies on other systems only:
    text("reference", nullable=True),
    text("listed", nullable=True),  # JSON: what its system says of it
    blob("fingerprint", nullable=True),
    text("acted_reference", nullable=True),
    integer("asked", nullable=True),
    sa.Index("plan_items_by_outcome", "plan_id", "outcome", "item"),
    sa.Index(
        "plan_items_by_reference",
        "reference",
        sqlite_where=sa.text("reference IS NOT NULL"),
        postgresql_where=sa.text("reference IS NOT NULL"),
    ),
    sa.Index("plan_items_by_copy", "copy", "plan_id"),
    sa.Index("plan_items_by_sha256", "sha256"),
    sqlite_with_rowid=False,
)

approvals = sa.Table(
    "approvals",
    metadata,
    identity(),
    integer("case_id"),
    blob("plan_sha256"),
    text("actor"),
    integer("approved_at"),
    integer("expires_at"),
    text("break_glass", nullable=True),
    text("reviewed_by", nullable=True),
    integer("reviewed_at", nullable=True),
    text("review", nullable=True),
    sa.Index("approvals_by_case", "case_id"),
)

armed_rules = sa.Table(
    "armed_rules",
    metadata,
    identity(),
    integer("case_id"),
    integer("plan_id"),
    integer("caught_plan_id"),
    text("accounts", nullable=True),
    text("armed_by"),
    integer("armed_at"),
    integer("until"),
    integer("ended_at", nullable=True),
    integer("caught"),
    sa.Index("armed_rules_by_case", "case_id"),
    sa.Index("armed_rules_by_end", "until"),
)

armed_marks = sa.Table(
    "armed_marks",
    metadata,
    sa.Column("value", sa.LargeBinary, primary_key=True),
    sa.Column("rule_id", sa.BigInteger, primary_key=True),
    sa.Column("class", sa.Text, primary_key=True),
    sa.Index("armed_marks_by_rule", "rule_id"),
    sqlite_with_rowid=False,
)

case_notices = sa.Table(
    "case_notices",
    metadata,
    sa.Column("plan_id", sa.BigInteger, primary_key=True),
    sa.Column("account_id", sa.BigInteger, primary_key=True),
    sa.Column("item", sa.BigInteger, primary_key=True),  # 0 is a digest
    integer("copy"),
    sa.Index("case_notices_by_copy", "copy"),
    sqlite_with_rowid=False,
)
