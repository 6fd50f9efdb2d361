"""SCRAM verifiers of accounts; what a Received field needs; plans by case."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("scram", sa.Text(), nullable=True))
    op.add_column("receptions", sa.Column("host", sa.Text(), nullable=True))
    op.add_column("receptions", sa.Column("tls", sa.Text(), nullable=True))
    op.create_index("plans_by_case", "plans", ["case_id"], unique=False)
