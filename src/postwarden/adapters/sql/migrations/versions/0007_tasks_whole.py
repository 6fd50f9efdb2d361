"""Who submitted a task, its heartbeat and result; tasks that are to be canceled."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_UNFINISHED = "state IN ('waiting', 'in-progress', 'canceled-requested')"


def upgrade() -> None:
    for name in ("actor", "request_id", "domain", "result"):
        op.add_column("tasks", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("tasks", sa.Column("heartbeat_at", sa.BigInteger(), nullable=True))
    op.drop_index("tasks_unfinished", "tasks")
    op.create_index(
        "tasks_unfinished",
        "tasks",
        ["name", "subject"],
        unique=True,
        sqlite_where=sa.text(_UNFINISHED),
        postgresql_where=sa.text(_UNFINISHED),
    )
