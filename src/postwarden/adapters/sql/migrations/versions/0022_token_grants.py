"""Tokens of programs that are logged in."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "token_grants",
        sa.Column("id", _Id, nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("administrator_id", sa.BigInteger(), nullable=True),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("domain", sa.Text(), nullable=True),
        sa.Column("access", sa.LargeBinary(), nullable=False),
        sa.Column("refresh", sa.LargeBinary(), nullable=False),
        sa.Column("spent", sa.LargeBinary(), nullable=True),
        sa.Column("proof", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("access_until", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    for name, columns in (
        ("holder", ["holder", "client"]),
        ("access", ["access"]),
        ("refresh", ["refresh"]),
    ):
        op.create_index(f"token_grants_by_{name}", "token_grants", columns, unique=True)
    op.create_index(
        "token_grants_by_spent",
        "token_grants",
        ["spent"],
        unique=False,
        sqlite_where=sa.text("spent IS NOT NULL"),
        postgresql_where=sa.text("spent IS NOT NULL"),
    )
    op.create_index("token_grants_by_end", "token_grants", ["until"], unique=False)
