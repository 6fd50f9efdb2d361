"""Rules that act on late arrivals, and what they look for."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    identity = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "armed_rules",
        sa.Column("id", identity, primary_key=True),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("caught_plan_id", sa.BigInteger(), nullable=False),
        sa.Column("accounts", sa.Text(), nullable=True),
        sa.Column("armed_by", sa.Text(), nullable=False),
        sa.Column("armed_at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("caught", sa.BigInteger(), nullable=False),
    )
    op.create_index("armed_rules_by_case", "armed_rules", ["case_id"], unique=False)
    op.create_index("armed_rules_by_end", "armed_rules", ["until"], unique=False)
    op.create_table(
        "armed_marks",
        sa.Column("value", sa.LargeBinary(), nullable=False, primary_key=True),
        sa.Column("rule_id", sa.BigInteger(), nullable=False, primary_key=True),
        sa.Column("class", sa.Text(), nullable=False, primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_index("armed_marks_by_rule", "armed_marks", ["rule_id"], unique=False)
