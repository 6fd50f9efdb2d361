"""When tasks began and ended; tasks by name, for those that come again."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tasks", sa.Column("started_at", sa.BigInteger(), nullable=True))
    op.add_column("tasks", sa.Column("ended_at", sa.BigInteger(), nullable=True))
    # Nobody wrote down when; their retention begins with what is known.
    op.execute(
        "UPDATE tasks SET ended_at = run_at"
        " WHERE state IN ('completed', 'failed', 'canceled')"
    )
    op.create_index("tasks_by_name", "tasks", ["name", "subject", "id"], unique=False)
    op.create_index(
        "tasks_ended",
        "tasks",
        ["ended_at"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NOT NULL"),
        postgresql_where=sa.text("ended_at IS NOT NULL"),
    )
