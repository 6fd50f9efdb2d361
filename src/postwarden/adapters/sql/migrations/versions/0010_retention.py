"""Retention: when what is in the vault and whose account is gone comes to its end."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_DAY = 24 * 60 * 60
_VAULT = 30 * _DAY
_REMOVED = 90 * _DAY


def upgrade() -> None:
    for name, seconds in (
        ("vault_retention", _VAULT),
        ("removed_account_retention", _REMOVED),
    ):
        op.add_column(
            "domains",
            sa.Column(
                name, sa.BigInteger(), nullable=False, server_default=str(seconds)
            ),
        )
    for table, name in (
        ("copies", "vaulted_at"),
        ("copies", "expires_at"),
        ("accounts", "removed_at"),
        ("accounts", "ends_at"),
    ):
        op.add_column(table, sa.Column(name, sa.BigInteger(), nullable=True))
    op.add_column("copies", sa.Column("lay_in", sa.Text(), nullable=True))
    _start_clocks()
    for name, table, columns, where in (
        (
            "copies_by_expiry",
            "copies",
            ["expires_at"],
            "expires_at IS NOT NULL AND held = 0",
        ),
        (
            "copies_in_vault",
            "copies",
            ["account_id", "id"],
            "vaulted_at IS NOT NULL",
        ),
        ("accounts_ending", "accounts", ["ends_at"], "ends_at IS NOT NULL"),
    ):
        op.create_index(
            name,
            table,
            columns,
            unique=False,
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )


def _start_clocks() -> None:
    """Begin the retention of what lies in the vault: nobody wrote down since when."""
    now = datetime.now(UTC)
    copies = sa.table("copies", *map(sa.column, ("state", "vaulted_at", "expires_at")))
    accounts = sa.table("accounts", *map(sa.column, ("state", "removed_at", "ends_at")))
    op.execute(
        sa.update(copies)
        .where(copies.c.state == "vaulted")
        .values(vaulted_at=_instant(now), expires_at=_after(now, _REMOVED))
    )
    op.execute(
        sa.update(accounts)
        .where(accounts.c.state == "pending-deletion")
        .values(removed_at=_instant(now), ends_at=_after(now, _REMOVED))
    )


def _instant(time: datetime) -> int:
    return int(time.timestamp() * 1_000_000)


def _after(time: datetime, seconds: int) -> int:
    return _instant(time + timedelta(seconds=seconds))
