"""What owners were told of what a case removed."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "case_notices",
        sa.Column("plan_id", sa.BigInteger(), nullable=False, primary_key=True),
        sa.Column("account_id", sa.BigInteger(), nullable=False, primary_key=True),
        sa.Column("item", sa.BigInteger(), nullable=False, primary_key=True),
        sa.Column("copy", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("case_notices_by_copy", "case_notices", ["copy"], unique=False)
