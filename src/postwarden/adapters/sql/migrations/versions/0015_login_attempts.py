"""Attempts to log in and what counts against them; codes of second factors."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column(
        "administrators", sa.Column("totp_step", sa.BigInteger(), nullable=True)
    )
    op.create_table(
        "login_attempts",
        sa.Column("id", _Id, nullable=False),
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("client_ip", sa.Text(), nullable=False),
        sa.Column("protocol", sa.Text(), nullable=False),
        sa.Column("mechanism", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "login_attempts_by_day",
        "login_attempts",
        ["day", "account", "login", "client_ip", "protocol", "mechanism", "result"],
        unique=True,
    )
    op.create_index(
        "login_attempts_by_account",
        "login_attempts",
        ["account", "client_ip", "result"],
        unique=False,
    )
    op.create_table(
        "login_failures",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject"),
    )
    op.create_index(
        "login_failures_by_time", "login_failures", ["last_at"], unique=False
    )
    op.create_table(
        "recovery_codes",
        sa.Column("administrator_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("administrator_id", "digest"),
    )
